"""What a training run does at this moment, in one line of any width."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import clearhead.training


@contextlib.contextmanager
def starting(quiet: bool) -> Iterator[None]:
    """Say so on a terminal while torch is imported, which takes seconds; the line is empty again afterwards."""
    # No live line yet: Ctrl-C ends the process then and there, and the cursor would stay hidden.
    is_shown = not quiet and sys.stderr is not None and sys.stderr.isatty()
    if is_shown:
        print("starting …", end="", file=sys.stderr, flush=True)
    try:
        yield
    finally:
        if is_shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


@contextlib.contextmanager
def told_activity(quiet: bool) -> Iterator[Callable[[str], None]]:
    """What is done, in a line of standard error that is written over; nothing where it is no terminal."""
    is_shown = not quiet and sys.stderr is not None and sys.stderr.isatty()

    def tell(what: str) -> None:
        if is_shown:
            print(f"\r\x1b[K{what} …" if what else "\r\x1b[K", end="", file=sys.stderr, flush=True)

    try:
        yield tell
    finally:
        tell("")


class Status:
    """Is told what happens, and says it: steps, the time that passed, the time that is left, what is done beside.

    It is told by one thread and asked by another, so each thing that it is told is kept as one object.
    counts: what the speed is told by, such as tokens.
    """

    def __init__(self) -> None:
        self.counts = "tokens"
        self._began = time.monotonic()
        self._activity: tuple[str, float] | None = None
        self._steps: tuple[int, int, float] | None = None
        self._progress: clearhead.training.Progress | None = None

    def doing(self, what: str) -> None:
        """Something else than steps is done from now on; nothing where `what` is empty."""
        self._activity = (what, time.monotonic()) if what else None

    def stepped(self, step: int, steps: int, seconds_left: float) -> None:
        """A step was taken."""
        self._steps = step, steps, seconds_left

    def progressed(self, progress: "clearhead.training.Progress") -> None:
        """A line of the history was written."""
        self._progress = progress
        self._steps = progress.step, progress.steps, progress.seconds_left

    def line(self, width: int = 120) -> str:
        """The line, of as many of its parts, the most important first, as `width` characters hold."""
        line = ""
        for part in self._parts():
            longer = f"{line}  {part}" if line else part
            if line and len(longer) > width:
                break
            line = longer
        return line

    def _parts(self) -> list[str]:
        now, activity, steps, progress = time.monotonic(), self._activity, self._steps, self._progress
        passed = f"{duration(now - self._began)} elapsed"
        if steps is None:
            return [activity[0], passed] if activity else []
        step, all_steps, left = steps
        parts = [f"step {step:,}/{all_steps:,}", passed]
        if activity:
            return [*parts, f"{activity[0]} {duration(now - activity[1])}"]
        parts.append(f"{duration(left)} left")
        if progress:
            parts += [f"loss {progress.loss:.4f}"]
            parts += [f"skipped {progress.skipped}"] if progress.skipped else []
            parts += [f"{progress.tokens_per_second:,.0f} {self.counts}/s", f"rate {progress.learning_rate:.2e}"]
        return parts


def progress_line(progress: "clearhead.training.Progress", counts: str = "tokens") -> str:
    skipped = f"  skipped {progress.skipped}" if progress.skipped else ""
    return (
        f"step {progress.step:,}/{progress.steps:,}  loss {progress.loss:.4f}  "
        f"{progress.tokens_per_second:,.0f} {counts}/s  rate {progress.learning_rate:.2e}  "
        f"{duration(progress.seconds_left)} left{skipped}"
    )


def duration(seconds: float) -> str:
    """Minutes and seconds, or hours and minutes: 0:07, 12:30, 3h05."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02d}"
    return f"{minutes // 60}h{minutes % 60:02d}"
