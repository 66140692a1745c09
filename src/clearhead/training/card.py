"""The model card that every bundle carries: what it is, what it learned from, how good it is, how to use it."""

from clearhead.evaluation import shown_perplexity
from clearhead.recipe import OLD, without_paths
from clearhead.recipe.jobs import JOBS
from clearhead.training.run_inputs import RunInputs
from clearhead.training.validation import Validation


def model_card(inputs: RunInputs, parameters: int, step: int, tokens: int, validation: Validation) -> str:
    """Markdown for people who find the folder."""
    recipe = without_paths(inputs.recipe)
    # It takes an example from the files, which lie where they lay; it names them without their folder.
    data = recipe.data.model_copy(update={"folder": inputs.recipe.data.folder})
    readable = recipe.model_copy(update={"data": data})
    counts = JOBS[recipe.task].counts
    told = inputs.task.describe(readable, inputs.config, inputs.training, inputs.tokenizers)
    return f"""# {recipe.name}

A Transformer ({recipe.family}) trained with clearhead: {parameters:,} parameters, {told.sizes}.

## Use

    {told.shell}

or in Python:

    import clearhead
    bundle = clearhead.load("PATH-OF-THIS-FOLDER")
    {told.python}

## Data

{told.data}

## Training and scores

{step:,} steps, {tokens:,} {_counted(counts)}; weights: {_average(inputs)}. Every setting is in recipe.yaml.

On the validation set{f" {validation.name}" if validation.name else ""}:

{_scores(validation, counts)}
"""


def _counted(counts: str) -> str:
    return "target tokens" if counts == "tokens" else counts


def _average(inputs: RunInputs) -> str:
    training = inputs.recipe.training
    average = training.average
    which = f"exponential moving average, decay {average.decay}" if average.name == "ema" else "those of the last step"
    return which if training.bundle_precision == "fp32" else f"{which}, rounded to float16 when they were stored"


def _scores(validation: Validation, counts: str) -> str:
    perplexity = "" if counts == "texts" else f", perplexity {shown_perplexity(validation.perplexity, 3)}"
    lines = [f"- loss {validation.loss:.4f} nats a {counts.removesuffix('s')}{perplexity}"]
    if validation.scores is not None:
        lines += [f"- {line}" for line in validation.scores.lines]
    for name, other in validation.others.items():
        of = "of what it learned before" if name == OLD else f"on {name}"
        lines += [f"- {of}: {line.removeprefix('- ')}" for line in _scores(other, counts).split("\n")]
    return "\n".join(lines)
