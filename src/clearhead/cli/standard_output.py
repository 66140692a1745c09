"""Standard output that says its name when it fails: closed, on a full disk, or with a reader that left.

What cannot be printed is an error, never a result that is lost with exit code 0. A command that prints nothing does
not ask.
"""

import contextlib
import errno
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast, final


@contextlib.contextmanager
def named_standard_output() -> Iterator[None]:
    """Put a stream in place of `sys.stdout`, which is None where descriptor 1 is closed: prints would be lost."""
    before = sys.stdout
    sys.stdout = cast(TextIO, NamedStream(before))
    try:
        yield
    finally:
        sys.stdout = before


@final
class NamedStream:
    """A text stream whose errors name standard output; all else is `stream`'s own, and where that is None it is closed.

    BrokenPipeError stays what it is: whoever reads has read enough.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with _named():
            return self._open().write(text)

    def flush(self) -> None:
        if self._stream is not None:
            with _named():
                self._stream.flush()

    @property
    def buffer(self) -> Any:
        return self._open().buffer

    def fileno(self) -> int:
        return self._open().fileno()

    def isatty(self) -> bool:
        return self._stream is not None and self._stream.isatty()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _open(self) -> Any:
        if self._stream is None:
            raise OSError(errno.EBADF, "it is closed", "standard output")
        return self._stream


@contextlib.contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), "standard output") from error
