"""Several processes of this machine that take each step together: each has some rows of every batch, and one thread.

A small model's step is a thousand operations of some microseconds. Threads that share each of these wait for each other
more than they compute; processes that share a step's rows wait once. What is summed after it, gradients and loss, is
what several machines would sum.
"""

import contextlib
import mmap
import os
import signal
import struct
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn, TypeVar, final

import torch
from torch import Tensor

from clearhead.errors import TrainingError

# Whether a part is done, and its loss; of one that has failed what it says follows.
_ANSWER = struct.Struct("<?d")
_LONGEST = 4000

Batch = TypeVar("Batch")
# What one of them does: by its number, from 0, how its part of each step is computed; a part gives its loss.
Work = Callable[[int], Iterator[Callable[[], float]]]


def can_fork() -> bool:
    """Whether a process can be doubled while libraries are in use: elsewhere than on Linux they may hang."""
    return sys.platform == "linux"


def shared_zeros(count: int, /, *, dtype: torch.dtype) -> Tensor:
    """Numbers that this process and those that it forks later see alike."""
    return torch.frombuffer(mmap.mmap(-1, max(1, count) * dtype.itemsize), dtype=dtype)[:count]


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Within it torch computes on one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@final
class Workers:
    """The processes beside this one, from entering to leaving it. This one is number 0 and does its part itself."""

    def __init__(self, count: int, work: Work) -> None:
        """count: how many work, this one too."""
        self.count, self._work = count, work
        self._asks: list[int] = []
        self._answers: list[int] = []
        self._processes: list[int] = []

    def __enter__(self) -> "Workers":
        for rank in range(1, self.count):
            ask, answer = os.pipe(), os.pipe()
            with warnings.catch_warnings():
                # A thread that shows progress is no reason not to: the child runs nothing but its part of the steps.
                warnings.simplefilter("ignore", DeprecationWarning)
                process = os.fork()
            if process == 0:
                for one in (ask[1], answer[0], *self._asks, *self._answers):
                    os.close(one)
                _serve(self._work, rank, ask[0], answer[1])
            os.close(ask[0])
            os.close(answer[1])
            self._asks.append(ask[1])
            self._answers.append(answer[0])
            self._processes.append(process)
        return self

    def __exit__(self, *_: object) -> None:
        """Let each end: nobody asks it any more."""
        for one in (*self._asks, *self._answers):
            os.close(one)
        for process in self._processes:
            os.waitpid(process, 0)
        self._asks, self._answers, self._processes = [], [], []

    def begin(self) -> None:
        """Have the others do their parts of a step."""
        for one in self._asks:
            with contextlib.suppress(BrokenPipeError):  # `finish` says what it died of.
                os.write(one, b"\n")

    def finish(self) -> float:
        """Wait until they have; the sum of their losses. Raises TrainingError where one has ended."""
        return sum(self._answer(one) for one in self._answers)

    def _answer(self, place: int) -> float:
        # So few bytes are written and read as one.
        answer = os.read(place, _ANSWER.size)
        if answer:
            is_done, loss = _ANSWER.unpack(answer)
            if is_done:
                return float(loss)
        why = os.read(place, _LONGEST).decode(errors="replace") or "it was ended, perhaps for lack of memory"
        raise TrainingError(f"one of the processes that train together has stopped: {why}; set training.workers=1")


def _serve(work: Work, rank: int, ask: int, answer: int) -> NoReturn:
    """A worker's life: its part of each step, whenever it is asked for it."""
    try:
        # Ctrl-C, a closed terminal and a scheduler reach all processes, but mean the one that asks. It may take one
        # step more and save; when it is gone, so is the pipe to this one.
        for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(one, signal.SIG_IGN)
        torch.set_num_threads(1)
        for step in work(rank):
            if not os.read(ask, 1):
                break
            os.write(answer, _ANSWER.pack(True, step()))
    except BrokenPipeError:
        pass
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.write(answer, _ANSWER.pack(False, 0.0) + f"{type(error).__name__}: {error}".encode()[:_LONGEST])
    finally:
        # Nothing of what the other process has open is closed or written here.
        os._exit(0)


def parts(batches: Sequence[Batch], rank: int, count: int) -> list[Batch]:
    """Of each batch the rows of worker `rank` among `count`."""
    found = (batch.part(rank, count) for batch in batches)  # type: ignore[attr-defined]
    return [one for one in found if one is not None]
