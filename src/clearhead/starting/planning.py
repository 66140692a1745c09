"""From what there is to learn from to a recipe: its files, sizes for so much text, and steps for so much time.

How long a step takes is found by a dry run of the recipe itself.
"""

import dataclasses
import math
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clearhead.errors import RecipeError
from clearhead.recipe import Recipe, build_recipe
from clearhead.starting.found import Found
from clearhead.starting.sizes import Proposal, filters_for, proposals, share_for

if TYPE_CHECKING:
    import clearhead.training

# How often a run validates, the last time at its end.
VALIDATIONS: Final = 5
# Validations of a model that has learned nothing take long; the steps get this much of the time all the same.
_LEAST_SHARE: Final = 0.5

Try = Callable[[Recipe], "clearhead.training.DryRun"]


@dataclasses.dataclass(frozen=True)
class Plan:
    """A recipe as plain values, with what is said of its choices, and what it will take.

    epochs: how often the examples are seen. seconds: of all steps and validations.
    """

    values: Mapping[str, Any]
    reasons: Mapping[str, str]
    steps: int
    epochs: float
    seconds: float


def make_plan(found: Found, path: Path, minutes: float, try_steps: Try) -> Plan:
    """A recipe that is to stand at `path` and to take so many minutes at most here; `try_steps` tells a step's time.

    Raises RecipeError and DataError as a dry run does.
    """
    plan: Plan | None = None
    for proposal in proposals(found):
        values = _values(found, path, proposal)
        tried = try_steps(_as_recipe(values, path))
        plan = _settled(found, proposal, values, tried, 60 * minutes)
        if plan.steps >= min(proposal.enough_steps, _most_steps(found, proposal, tried)):
            return plan
    if plan is None:  # There is a proposal for each task.
        raise RecipeError(f"task={found.task} has no sizes to begin with; write a recipe as docs/tutorial.md tells")
    return plan


def _values(found: Found, path: Path, proposal: Proposal) -> dict[str, Any]:
    """A whole recipe, whose steps are still a guess."""
    folder = path.absolute().parent
    names = [_relative(one, folder) for one in (*found.training, *found.validation)]
    width = len(found.training)
    data: dict[str, Any] = {"train": _corpus(found, names[:width])}
    data["validate"] = _corpus(found, names[width:]) if found.validation else {"share": share_for(found)}
    if found.task == "translation":
        data["filters"] = filters_for(found)
    task: dict[str, Any] = {} if found.task == "translation" else {"task": found.task}
    training = {"steps": 1000, **proposal.training, "validate_every": 1000, "checkpoint_every": 1000}
    sections = {"text": dict(proposal.text), "model": dict(proposal.model), "training": training}
    return {"name": _name(found), **task, "data": data, **sections}


def _corpus(found: Found, names: list[str]) -> dict[str, Any]:
    known = {key: code for key, code in zip(("from", "to"), found.languages, strict=True) if code}
    if found.columns:
        return {"table": names[0], "columns": list(found.columns), **known}
    if found.task == "language-modelling":
        return {"text": names[0], "documents": "file"}
    return {"source": names[0], "target": names[1], **known}


def _settled(
    found: Found, proposal: Proposal, values: dict[str, Any], tried: "clearhead.training.DryRun", seconds: float
) -> Plan:
    """With as many steps as there is time for, but no more than the examples are worth."""
    each, validating = tried.seconds_a_step, VALIDATIONS * tried.seconds_a_validation
    most = _most_steps(found, proposal, tried)
    fitting = max(seconds - validating, _LEAST_SHARE * seconds) / each
    steps = _round(max(proposal.least_steps, min(most, fitting)))
    epochs = steps * tried.tokens_a_step / _to_predict(found, tried)
    training = {
        "steps": steps,
        **proposal.training,
        "schedule": {**proposal.training["schedule"], "warmup": max(10, min(proposal.warmup, steps // 10))},
        "validate_every": steps // VALIDATIONS,
        "checkpoint_every": steps // VALIDATIONS,
    }
    why = "as many as the time admits" if fitting <= most else f"{proposal.epochs} times are enough for so much text"
    if most == proposal.least_steps:
        why = "fewer steps would teach nothing"
    if fitting < proposal.least_steps:
        why = "fewer steps would teach nothing, so that it takes longer than asked for"
    reasons = {
        **proposal.reasons,
        **_reasons(found),
        "training.steps": f"A step takes {each:.3g} s here. All examples are seen {epochs:.3g} times: {why}.",
        "training.validate_every": f"{VALIDATIONS} times it prints scores and keeps the model that is best so far.",
    }
    total = steps * each + validating
    return Plan({**values, "training": training}, reasons, steps, epochs, total)


def _reasons(found: Found) -> dict[str, str]:
    kept = share_for(found)
    of = {"translation": "pairs", "classification": "rows", "language-modelling": "text"}[found.task]
    reasons = {
        "data.filters": "Left out: pairs that stand twice, have more tokens on a side, or are far longer on one side.",
        "data.train": _why_files(found),
    }
    if not found.validation:
        reasons["data.validate"] = (
            f"{kept:.2%} of the {of} are kept back: they are not learned from, and tell the scores."
        )
    return reasons


def _why_files(found: Found) -> str:
    if found.task == "translation":
        known = [code or "?" for code in found.languages]
        return f"{found.examples:,} pairs" + (f", {known[0]} to {known[1]}." if any(found.languages) else ".")
    if found.task == "classification":
        labels = ", ".join(f"{label[:20]} {count:,}" for label, count in found.labels.most_common(6))
        more = ", …" if len(found.labels) > 6 else ""
        return f"{found.examples:,} texts with one of {len(found.labels)} labels: {labels}{more}."
    return (
        f"{found.size:,} bytes of text, read as one, with the ends of its lines."
        if not found.columns
        else (f"{found.examples:,} texts, each a row of its own.")
    )


def _most_steps(found: Found, proposal: Proposal, tried: "clearhead.training.DryRun") -> int:
    """So many that the examples are seen as often as they are worth."""
    return max(proposal.least_steps, math.ceil(proposal.epochs * _to_predict(found, tried) / tried.tokens_a_step))


def _to_predict(found: Found, tried: "clearhead.training.DryRun") -> int:
    """How much an epoch predicts, in what a dry run's `tokens_a_step` counts: target tokens, or texts."""
    corpus = tried.inputs.training
    if found.task == "classification":
        return len(corpus)
    return int(corpus.target.tokens if found.task == "translation" else corpus.tokens)


def _round(steps: float) -> int:
    """To two digits, and to equal parts between validations."""
    unit = max(10, 10 ** (len(str(int(steps))) - 2))
    return max(unit, int(steps) // unit * unit)


def _as_recipe(values: Mapping[str, Any], path: Path) -> Recipe:
    recipe = build_recipe(values, str(path))
    return recipe.model_copy(update={"data": recipe.data.model_copy(update={"folder": str(path.absolute().parent)})})


def _relative(file: Path, folder: Path) -> str:
    """A file's place as seen from the recipe's folder, from which its run reads it."""
    try:
        return Path(os.path.relpath(file.absolute(), folder)).as_posix()
    except ValueError:  # Another drive, on Windows.
        return str(file.absolute())


def _name(found: Found) -> str:
    """What the run is called: after its first file, without endings."""
    word = re.split(r"[.]", found.training[0].name.lstrip("."))[0]
    codes = [code for code in found.languages if code]
    return "-".join([re.sub(r"[^\w-]+", "-", word).strip("-") or "mine", *codes])
