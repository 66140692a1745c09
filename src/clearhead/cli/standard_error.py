"""Standard error that lasts as long as the command: a closed terminal or a reader that left stops nothing.

Every message of the command line goes to `sys.stderr`, by `print`, rich or logging. While the command runs, that is a
stream to which writing never fails.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast, final


@contextlib.contextmanager
def lasting_standard_error() -> Iterator[None]:
    """Put a stream that cannot fail in place of `sys.stderr`, which is None where file descriptor 2 is closed.

    `print(…, file=None)` would write messages among the results on standard output.
    """
    _occupy_standard_descriptors()
    before = sys.stderr
    with contextlib.ExitStack() as stack:
        stream = stack.enter_context(_nowhere()) if before is None else before
        sys.stderr = lasting = cast(TextIO, LastingStream(stream))
        try:
            yield
        finally:
            lasting.flush()
            sys.stderr = before


def say_at_once(message: str) -> None:
    """Write a line from a signal's handler, past Python's buffers.

    Whoever was interrupted may be in the middle of writing, and what a handler then puts into the same buffer is lost.
    """
    stream = sys.stderr
    if isinstance(stream, LastingStream):
        try:
            os.write(stream.fileno(), f"{message}\n".encode("utf-8", "backslashreplace"))
            return
        except (OSError, ValueError):
            pass  # No file of the system's; or nobody reads it.
    print(message, file=stream, flush=True)


@final
class LastingStream:
    """A text stream whose `write` and `flush` never raise; what nobody can read is lost. All else is `stream`'s own."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write where that is possible; the number of characters that were to be written."""
        try:
            self._stream.write(text)
        except RuntimeError:
            # A signal's handler that speaks while the same stream is being written to: past Python's buffer.
            with contextlib.suppress(OSError, ValueError):
                os.write(self._stream.fileno(), text.encode("utf-8", "backslashreplace"))
        except (OSError, ValueError):  # ValueError: the stream was closed.
            self._give_up()
        return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except RuntimeError:  # As in `write`: who was interrupted goes on to flush.
            pass
        except (OSError, ValueError):
            self._give_up()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _give_up(self) -> None:
        """Send what is still in Python's buffer nowhere: at its end, Python would try again and exit with 120."""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            with _nowhere() as nowhere:
                os.dup2(nowhere.fileno(), self._stream.fileno())
            self._stream.flush()


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123  # No longer by `Path`.


def _occupy_standard_descriptors() -> None:
    """Let no file that is opened later become descriptor 0, 1 or 2, into which C libraries write messages."""
    opened = os.open(os.devnull, os.O_RDWR)
    while opened <= 2:
        opened = os.dup(opened)
    os.close(opened)
