"""What `clearhead train --dry-run` prints: what a run would do and take."""

from clearhead.cli.progress import beginning
from clearhead.cli.status import duration
from clearhead.recipe.jobs import JOBS
from clearhead.training import DryRun


def foreseen_lines(found: DryRun) -> list[str]:
    """All of it."""
    training = found.inputs.recipe.training
    counts = JOBS[found.inputs.recipe.task].counts
    steps = "1 step" if found.tried == 1 else f"{found.tried} steps"
    memory = "not known here" if found.memory is None else f"{_size(found.memory)} at most in the steps that were tried"
    patience = (
        "" if training.patience is None else f", unless {training.patience} validations without a better one end it"
    )
    return [
        *beginning(found.inputs, found.parameters, 0).split("\n"),
        f"a step: {found.seconds_a_step:.3f} s and {found.tokens_a_step:,.0f} {counts}, the mean of {steps}: "
        f"{found.tokens_a_step / found.seconds_a_step:,.0f} {counts}/s",
        f"memory: {memory}",
        f"disk: about {_size(found.stored_bytes)} at most",
        f"time: {duration(training.steps * found.seconds_a_step)} for {training.steps:,} steps, and validations: "
        f"{found.validations} of {duration(found.seconds_a_validation)} each (by a model that has learned nothing)",
        f"in all: about {duration(found.seconds)}{patience}",
        *(f"warning: {line}" for line in found.warnings),
        "nothing was trained, and no run was written",
    ]


def _size(count: int) -> str:
    """Bytes in GiB, or in MiB where those are few."""
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:,.0f} MiB"
