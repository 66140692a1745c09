"""The command line as a process: whatever happens is a plain line and an exit code.

Nothing that takes time to import is imported here, so that Ctrl-C is answered as well in the first moment.
"""

import contextlib
import os
import sys
from collections.abc import Sequence

from clearhead.cli.standard_error import lasting_standard_error
from clearhead.cli.standard_output import named_standard_output
from clearhead.cli.stopping import answered, forget_interrupt
from clearhead.errors import ClearheadError

USAGE_ERROR = 2
INTERRUPTED = 130
PIPE_CLOSED = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 2 for an error of the user's, 130 after Ctrl-C."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    with lasting_standard_error(), named_standard_output(), answered():
        try:
            code = _answered(given)
        except SystemExit as leave:
            _leave_what_goes_on(leave.code if isinstance(leave.code, int) else USAGE_ERROR)
            raise
        _leave_what_goes_on(code)
    return code


def _answered(given: list[str]) -> int:
    """The exit code of one command; what went wrong stands on standard error."""
    try:
        for stream in (sys.stdout, sys.stderr):
            # A terminal that cannot show a character shows its number; it does not stop the program.
            getattr(stream, "reconfigure", lambda errors: None)(errors="backslashreplace")
        code = _run(given)
        sys.stdout.flush()
    except ClearheadError as error:
        code = _fail(str(error), given)
    except KeyboardInterrupt:
        print("clearhead: stopped", file=sys.stderr)
        forget_interrupt()
        code = INTERRUPTED
    except SystemExit as leave:
        # rich leaves by it where the reader has; all else that leaves so means it.
        if not isinstance(leave.__context__, BrokenPipeError):
            raise
        code = PIPE_CLOSED
    except BrokenPipeError:
        # Whoever reads our output has read enough, as in `| head`.
        code = PIPE_CLOSED
    except OSError as error:
        file = error.filename or "a file"
        code = _fail(f"{file}: {error.strerror or error}; check the path, its rights and the disk", given)
    except (MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
        code = _fail("there is not enough memory; lower training.batch_tokens or --batch-tokens, or the sizes", given)
    _silence_what_cannot_be_written()
    return code


def _run(arguments: list[str]) -> int:
    from clearhead.cli.machine import keep_freed_memory, start_no_idle_threads, wait_briefly
    from clearhead.cli.notes import logs_as_lines

    keep_freed_memory()
    wait_briefly()
    start_no_idle_threads()
    with logs_as_lines(quiet="--quiet" in arguments):
        from clearhead.cli.commands import run

        return run(arguments)


def _leave_what_goes_on(code: int) -> None:
    """End the process now where work that was interrupted is still inside a library, which nothing can end."""
    interruptible = sys.modules.get("clearhead.training.interruptible")
    if interruptible is not None and interruptible.is_left_behind():
        # All is written: what was interrupted has drafts at most, which the next command removes.
        sys.stderr.flush()
        os._exit(code)


def _is_out_of_memory(error: Exception) -> bool:
    # torch's error is known by its name, as torch may never have been imported.
    is_torchs = type(error).__name__ == "OutOfMemoryError"
    return isinstance(error, MemoryError) or is_torchs or "t allocate memory" in str(error)


def _fail(message: str, arguments: Sequence[str]) -> int:
    from clearhead.cli.notes import plain

    if "--debug" in arguments:
        import traceback

        traceback.print_exc()
    print(f"clearhead: {plain(message)}", file=sys.stderr)
    return USAGE_ERROR


def _silence_what_cannot_be_written() -> None:
    """Where standard output is closed or full, let Python not complain once more while it ends."""
    try:
        sys.stdout.flush()
    except OSError:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.stdout.flush()
