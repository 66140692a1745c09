"""What a run would do and take, found by a few steps of it, of which nothing is kept."""

import dataclasses
import itertools
import time
from pathlib import Path
from typing import Final

import torch

from clearhead.recipe import Recipe
from clearhead.tasks.examples import Doing, to_nobody
from clearhead.training.callbacks import Callbacks
from clearhead.training.checkpoint import TrainState
from clearhead.training.loop import Run, require_new, require_usable
from clearhead.training.memory import most_resident
from clearhead.training.run_inputs import RunInputs, prepare_run
from clearhead.training.seeding import gradients, own_random_numbers
from clearhead.training.throughput import times_due
from clearhead.training.validation import validate

# The first steps take longer. Of those after them so many are timed at most, and no more once they took so long.
WARM: Final = 2
TIMED: Final = 40
SECONDS: Final = 10.0
# Of each parameter: in a checkpoint the weight, its average and the two moments of Adam, in float32.
_CHECKPOINT_BYTES = 16
_BUNDLE_BYTES = {"fp32": 4, "fp16": 2}


@dataclasses.dataclass(frozen=True)
class DryRun:
    """What was found.

    tried: how many steps were timed. seconds_a_step, tokens_a_step: their means, of real target tokens.
    seconds_a_validation: of a model that has learned nothing, which writes long translations.
    memory: the most bytes that this process, or on a GPU its tensors, took; None where nobody knows.
    warnings: what the run would warn of.
    """

    inputs: RunInputs
    parameters: int
    tried: int
    seconds_a_step: float
    tokens_a_step: float
    seconds_a_validation: float
    memory: int | None
    warnings: tuple[str, ...]

    @property
    def validations(self) -> int:
        training = self.inputs.recipe.training
        return times_due(training.validate_every, 0, training.steps)

    @property
    def seconds(self) -> float:
        """Of all steps and validations, where patience ends nothing."""
        steps = self.inputs.recipe.training.steps * self.seconds_a_step
        return steps + self.validations * self.seconds_a_validation

    @property
    def stored_bytes(self) -> int:
        """What the run folder holds in the end, about: the kept checkpoints, and one more while it is written."""
        training = self.inputs.recipe.training
        checkpoints = min(training.keep_checkpoints + 1, times_due(training.checkpoint_every, 0, training.steps))
        return self.parameters * (_CHECKPOINT_BYTES * checkpoints + _BUNDLE_BYTES[training.bundle_precision])


def dry_run(recipe: Recipe, folder: str | Path | None = None, doing: Doing = to_nobody) -> DryRun:
    """Read what a run would read, and try some of its steps and a validation; nothing is written but caches.

    folder: where the run would be, which is looked at only. Raises what `train` would raise before its first step.
    """
    if folder is not None:
        require_usable(Path(folder))
        require_new(Path(folder))
    with own_random_numbers(recipe.training.device), gradients():
        inputs = prepare_run(recipe, doing=doing)
        doing("making the model")
        run = Run(inputs, Path(folder or "."), Callbacks())
        doubt = inputs.task.too_large(run.parameters, inputs.training) if recipe.model.preset is not None else None
        warnings = *((doubt,) if doubt else ()), *inputs.task.examples(recipe).doubts()
        doing("trying steps")
        timed: list[tuple[float, int]] = []
        memory = most_resident(lambda: timed.extend(_steps(run)))
        if inputs.recipe.training.device == "cuda":
            memory = torch.cuda.max_memory_reserved()
        doing("validating")
        began = time.perf_counter()
        validate(run.kept(run.train_step.average.model), inputs)
        validated = time.perf_counter() - began
    seconds, tokens = (sum(each) / len(timed) for each in zip(*timed, strict=True))
    return DryRun(inputs, run.parameters, len(timed), seconds, tokens, validated, memory, warnings)


def _steps(run: Run) -> list[tuple[float, int]]:
    """Of each timed step the seconds and the real target tokens."""
    found: list[tuple[float, int]] = []
    with run.train_step.together(lambda: run.steps(TrainState())):
        before = time.perf_counter()
        for number, batches in itertools.islice(run.steps(TrainState()), min(WARM + TIMED, run.settings.steps)):
            run.train_step.step(number, batches)
            # Reading it waits for the device.
            float(run.train_step.loss)
            now = time.perf_counter()
            found.append((now - before, sum(batch.target_tokens for batch in batches)))
            before = now
            if sum(seconds for seconds, _ in found[WARM:]) >= SECONDS:
                break
    return found[WARM:] or found[-1:]
