"""The learning rate as a function of the step, which counts from 1."""

import math
from collections.abc import Callable

from clearhead.recipe import Schedule

LearningRate = Callable[[int], float]


def learning_rate(schedule: Schedule, steps: int, width: int) -> LearningRate:
    """The recipe's schedule as a function from step to rate, for a run of `steps` steps of a model of this width."""
    if schedule.name == "paper":
        return lambda step: schedule.peak * paper(step, width, schedule.warmup)
    fall = _FALLS[schedule.name]

    def rate(step: int) -> float:
        if step <= schedule.warmup:
            return schedule.peak * step / schedule.warmup
        return schedule.peak * fall((step - schedule.warmup) / max(1, steps - schedule.warmup))

    return rate


def paper(step: int, width: int, warmup: int) -> float:
    """d_model^-0.5 · min(step^-0.5, step · warmup^-1.5): "Attention Is All You Need", section 5.3, equation 3."""
    rising = step * warmup**-1.5 if warmup else math.inf
    return width**-0.5 * min(step**-0.5, rising)


# From 1 at the end of the warm-up (0) to the last step (1).
_FALLS: dict[str, Callable[[float], float]] = {
    "linear": lambda progress: max(0.0, 1.0 - progress),
    "cosine": lambda progress: 0.5 * (1.0 + math.cos(math.pi * min(1.0, progress))),
    "constant": lambda progress: 1.0,
}
