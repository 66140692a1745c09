"""Trainings that take an equal time, whatever a step of each takes: how many fit is found by some of them beforehand.

So a learning rate that falls to zero does so with the last step of each.
"""

import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from clearhead.recipe import load_recipe
from clearhead.training import Callback, RunInputs, Validation, train

TRIED, WARM_UP = 30, 10


@dataclasses.dataclass(frozen=True)
class Trained:
    """What a training came to. seconds: those of a step; validation: the last one."""

    parameters: int
    steps: int
    seconds: float
    validation: Validation


class Watch(Callback):
    """What a clock says after each step, the newest validation, and how many parameters there are."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock, self.times = clock, list[float]()
        self.validation: Validation | None = None
        self.parameters = 0

    def on_start(self, inputs: RunInputs, parameters: int, resumed_at: int) -> None:
        self.parameters = parameters

    def on_step(self, step: int, steps: int, seconds_left: float) -> None:
        self.times.append(self.clock())

    def on_validation(self, step: int, validation: Validation, best: bool) -> None:
        self.validation = validation


def trained_for(minutes: float, recipe: Path, settings: Sequence[str], clock: Callable[[], float]) -> Trained:
    """Train a recipe with these settings for so many minutes of a clock, and judge it once, at the end."""
    tried = _trained(TRIED, recipe, [*settings, "training.validate_sentences=0"], clock)
    return _trained(max(TRIED, round(60 * minutes / tried.seconds)), recipe, settings, clock)


def _trained(steps: int, recipe: Path, settings: Sequence[str], clock: Callable[[], float]) -> Trained:
    ends = [f"training.{name}={steps}" for name in ("steps", "validate_every", "checkpoint_every", "log_every")]
    watch = Watch(clock)
    with tempfile.TemporaryDirectory() as name:
        train(load_recipe(recipe, [*settings, *ends, "training.patience=null"]), Path(name) / "run", callbacks=[watch])
    assert watch.validation is not None, "the last step is always judged"
    seconds = (watch.times[-1] - watch.times[WARM_UP]) / (steps - 1 - WARM_UP)
    return Trained(watch.parameters, steps, seconds, watch.validation)
