"""Work outside of Python that a signal interrupts at once.

Python calls a signal's handler in the main thread, between two of its own instructions. While that thread is inside a
library, as when a vocabulary is learned, Ctrl-C would wait for a minute.
"""

import ctypes
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Result = TypeVar("Result")

# How long what was interrupted may tidy up; a person waits a second at most.
GRACE = 0.4
_NAME = "clearhead-interruptible"


def interruptible(work: Callable[[], Result]) -> Result:
    """What `work` gives, which is done in another thread while this one waits and answers signals.

    An exception that a signal raises here ends the work as well, as soon as it comes back to Python, so that
    half-written files are removed. Where that takes longer than `GRACE`, it is left behind.
    """
    task = _Task(work)
    thread = threading.Thread(target=task.run, name=_NAME, daemon=True)
    try:
        thread.start()
        # In parts: on Windows a wait without an end is not interrupted.
        while not task.done.wait(0.1):
            pass
    except BaseException:
        task.is_wanted = False
        _end(thread)
        task.done.wait(GRACE)
        raise
    if task.error is not None:
        raise task.error
    return task.result


def is_left_behind() -> bool:
    """Whether work that was interrupted still goes on, so that the process must end without waiting for it."""
    return any(thread.name == _NAME for thread in threading.enumerate())


class _Task(Generic[Result]):
    result: Result

    def __init__(self, work: Callable[[], Result]) -> None:
        self.work, self.done = work, threading.Event()
        self.error: BaseException | None = None
        self.is_wanted = True

    def run(self) -> None:
        try:
            if self.is_wanted:
                self.result = self.work()
        except BaseException as error:
            self.error = error
        finally:
            self.done.set()


def _end(thread: threading.Thread) -> None:
    """Raise SystemExit in a thread, at its next instruction of Python; a thread says nothing about this exception."""
    if thread.ident is not None and thread.is_alive():
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))
