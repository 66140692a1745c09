"""Who is told how a run goes: training says what happened, and others show it."""

import dataclasses
from typing import Protocol, runtime_checkable

from clearhead.training.preparation import Materials
from clearhead.training.validation import Validation


@dataclasses.dataclass(frozen=True)
class Progress:
    """What a progress line tells. loss: nats a target token, smoothed, the mean since the last line."""

    step: int
    steps: int
    loss: float
    learning_rate: float
    tokens_per_second: float
    seconds_left: float
    skipped: int


@runtime_checkable
class Reporter(Protocol):
    """Who is told how a run goes."""

    def started(self, materials: Materials, parameters: int, resumed_at: int) -> None: ...
    def progressed(self, progress: Progress) -> None: ...
    def validated(self, step: int, validation: Validation, best: bool) -> None: ...
    def warned(self, message: str) -> None: ...
    def finished(self) -> None: ...


@runtime_checkable
class Watcher(Protocol):
    """A reporter that is also told what happens now, often and from any thread; it is to return at once."""

    def doing(self, what: str) -> None:
        """What is done beside steps, such as "learning 8,000 pieces"; nothing where it has ended."""

    def stepped(self, step: int, steps: int, seconds_left: float) -> None:
        """A step was taken, or asked of a GPU, which may be some behind."""


class Silent:
    """Tells nobody."""

    def started(self, materials: Materials, parameters: int, resumed_at: int) -> None:
        pass

    def progressed(self, progress: Progress) -> None:
        pass

    def validated(self, step: int, validation: Validation, best: bool) -> None:
        pass

    def warned(self, message: str) -> None:
        pass

    def finished(self) -> None:
        pass

    def doing(self, what: str) -> None:
        pass

    def stepped(self, step: int, steps: int, seconds_left: float) -> None:
        pass


def watcher_of(reporter: Reporter) -> Watcher:
    """The reporter itself where it wants to be told more, else nobody."""
    return reporter if isinstance(reporter, Watcher) else Silent()
