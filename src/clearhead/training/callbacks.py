"""Who is told how a run goes: training says what happened, and others show it, log it or act on it."""

import contextlib
import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol, final, runtime_checkable

from clearhead.errors import TrainingError
from clearhead.training.run_inputs import RunInputs
from clearhead.training.validation import Validation


@dataclasses.dataclass(frozen=True)
class Progress:
    """What a logged step tells. loss: nats a target token, smoothed, the mean since the last one.

    tokens: real target tokens seen in all. skipped: updates left out in all, as their gradients were not finite.
    tokens_per_second, seconds_a_step: since the last one, without what happened between steps.
    """

    step: int
    steps: int
    loss: float
    learning_rate: float
    tokens_per_second: float
    seconds_left: float
    skipped: int
    tokens: int
    seconds_a_step: float


@runtime_checkable
class Callback(Protocol):
    """Is told how a run goes. Subclass it and write the methods that you want: the others do nothing.

    Each is called by the thread that trains, but `on_activity`, which may come from any. The run waits until it
    returns, and ends with what it raises. What it draws of torch's random numbers changes no step.
    """

    # Each says `return`: mypy takes a protocol's method without a body for one that must be written.

    def on_start(self, inputs: RunInputs, parameters: int, resumed_at: int) -> None:
        """All is read and the model is made, of so many parameters; steps follow on number `resumed_at`."""
        return

    def on_step(self, step: int, steps: int, seconds_left: float) -> None:
        """A step was taken, or asked of a GPU, which may be some behind. Often: return at once."""
        return

    def on_log(self, progress: Progress) -> None:
        """The loss was read, each `training.log_every` steps."""
        return

    def on_validation(self, step: int, validation: Validation, best: bool) -> None:
        """The model was judged; where it is the best so far, the bundle holds it already."""
        return

    def on_checkpoint(self, step: int, folder: Path) -> None:
        """The run was saved into `folder`, whole."""
        return

    def on_activity(self, what: str) -> None:
        """What is done beside steps, such as "learning 8,000 pieces"; nothing where it has ended."""
        return

    def on_warning(self, message: str) -> None:
        """Something that the user should know, in one line."""
        return

    def on_end(self) -> None:
        """The run is over, whatever ended it."""
        return


@final
class Callbacks(Callback):
    """Tells several, one after the other; none is nobody."""

    def __init__(self, each: Sequence[Callback] = ()) -> None:
        if not isinstance(each, Iterable):
            raise TrainingError(f"callbacks: {type(each).__name__} is no list; give one, as in callbacks=[…]")
        self._each = tuple(each)
        for one in self._each:
            if isinstance(one, type):
                raise TrainingError(f"callbacks: {one.__name__} is a class; give one of its objects, {one.__name__}()")
            if not isinstance(one, Callback):
                raise TrainingError(
                    f"callbacks: {type(one).__name__} has not all methods of one; derive it from "
                    "clearhead.training.Callback, whose methods do nothing"
                )

    def on_start(self, inputs: RunInputs, parameters: int, resumed_at: int) -> None:
        for one in self._each:
            one.on_start(inputs, parameters, resumed_at)

    def on_step(self, step: int, steps: int, seconds_left: float) -> None:
        for one in self._each:
            one.on_step(step, steps, seconds_left)

    def on_log(self, progress: Progress) -> None:
        for one in self._each:
            one.on_log(progress)

    def on_validation(self, step: int, validation: Validation, best: bool) -> None:
        for one in self._each:
            one.on_validation(step, validation, best)

    def on_checkpoint(self, step: int, folder: Path) -> None:
        for one in self._each:
            one.on_checkpoint(step, folder)

    def on_activity(self, what: str) -> None:
        for one in self._each:
            one.on_activity(what)

    def on_warning(self, message: str) -> None:
        for one in self._each:
            one.on_warning(message)

    def on_end(self) -> None:
        """All are told, also where one of them raises: each may have something open."""
        with contextlib.ExitStack() as told:
            for one in reversed(self._each):
                told.callback(one.on_end)
