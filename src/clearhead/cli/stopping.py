"""Ctrl-C at any moment; it, TERM and a terminal that hangs up while a model is trained."""

import collections
import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any

from clearhead.cli.standard_error import say_at_once

# Windows has no SIGHUP.
SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))

_HANGUP = getattr(signal, "SIGHUP", None)


@contextlib.contextmanager
def answered() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt, as ever, but end the process at once while anything is imported.

    An exception that is raised then may be lost, in torch's C++ or a callback of importlib's, and the command go on; or
    it becomes another error, as where pydantic builds a section of the recipe.
    """
    # Whoever let the process ignore the signal, such as nohup, meant it; and only the main thread may say.
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _answer)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _answer(number: int, frame: FrameType | None) -> None:
    if is_being_imported("torch") or _imports(frame):
        say_at_once("clearhead: stopped")
        compiler = sys.modules.get("clearhead.native.compiler")
        if compiler is not None and not is_being_imported(compiler.__name__):
            compiler.stop()
        os._exit(128 + number)
    raise KeyboardInterrupt


def _imports(frame: FrameType | None) -> bool:
    """Whether the code that was interrupted is that of a module, or is called by it."""
    while frame is not None and not frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back
    return frame is not None


def forget_interrupt() -> None:
    """Let a process that answered Ctrl-C end with its exit code, 130, and not once more by the signal.

    Where a KeyboardInterrupt passes through code that was compiled from text, as when a dataclass is made while modules
    are imported, CPython notes it as unhandled for good, and `python -m` ends by SIGINT, which is -2 to who waits for
    it. Code from text that ends well clears the note (`run_eval_code_obj` in its pythonrun.c); a namedtuple is made so.
    """
    collections.namedtuple("Cleared", ())


def is_being_imported(name: str) -> bool:
    """Whether a module's import has begun and has not ended."""
    return bool(getattr(getattr(sys.modules.get(name), "__spec__", None), "_initializing", False))


class Stop:
    """While it is entered, a signal asks for an end after the step in hand; a second one ends the process at once.

    It is the `should_stop` that training calls before every step; between the batches of a validation `asked` is looked
    at. Before the first call there is no step to wait for and nothing to lose, so the first signal ends the process.

    A SIGHUP that the process was made to ignore stays ignored: that is what `nohup` is for. (SIGINT is not like it: a
    shell makes whatever it starts in the background ignore it, and who sends it to that process means it.)
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._stepping = False
        self._before: dict[signal.Signals, Any] = {}

    def __call__(self) -> bool:
        self._stepping = True
        return self.asked

    @property
    def asked(self) -> bool:
        """Whether a signal came."""
        return self.number is not None

    @property
    def exit_code(self) -> int:
        """What a shell expects of a process that a signal ended: 130 after Ctrl-C, 143 after TERM, 129 after HUP."""
        return 128 + (self.number or 0)

    def __enter__(self) -> "Stop":
        ignored = {name for name in SIGNALS if name == _HANGUP and signal.getsignal(name) is signal.SIG_IGN}
        self._before = {name: signal.signal(name, self._ask) for name in SIGNALS if name not in ignored}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for name, handler in self._before.items():
            signal.signal(name, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked or not self._stepping:
            # By an exception, so that half-written files are removed and the terminal's cursor comes back.
            if number == signal.SIGINT:
                raise KeyboardInterrupt
            raise SystemExit(128 + number)
        self.number = number
        say_at_once("clearhead: stopping after this step, with a checkpoint (once more: at once)")
