"""Which checkpoints of a run to average: the newest, or those of the best validations."""

import math
from pathlib import Path

from clearhead.errors import UsageError
from clearhead.training.checkpoint import checkpoints, recipe_of, step_of
from clearhead.training.history import History
from clearhead.training.validation import Validation


def last_checkpoints(run: str | Path, count: int) -> list[Path]:
    """The `count` newest checkpoints of a run, the newest first. Raises UsageError where it holds fewer."""
    found = _kept(Path(run))
    if len(found) < count:
        raise UsageError(
            f"{run} holds {_counted(len(found))}, but {count} are asked for; {_less(len(found))}train with "
            f"training.keep_checkpoints={count}"
        )
    return found[:count]


def best_checkpoints(run: str | Path, count: int, by: str | None = None) -> list[Path]:
    """Those of a run's `count` best validations, the best first, of the checkpoints that are still there.

    by: the figure that is compared, such as loss, bleu, chrf, accuracy or f1; the one that the run's recipe selects by
    (`training.select_by`) where None is given. Of equal ones the newer comes first.
    Raises UsageError where no validation measured it, or where fewer checkpoints were validated.
    """
    place = Path(run)
    kept = _kept(place)
    judged = {
        line["step"]: Validation.from_plain(line["validation"])
        for line in History(place).lines()
        if "validation" in line
    }
    if by is None:
        recipe = recipe_of(kept[0]) if kept else None
        by = "loss" if recipe is None else recipe.training.select_by
    known = {"loss"} | {name for one in judged.values() if one.scores is not None for name in one.scores.figures}
    if by not in known:
        raise UsageError(f"no validation of {run} measured {by}; choose one of {', '.join(sorted(known))}")
    figures = {path: _figure(judged.get(step_of(path)), by) for path in kept}
    ranked = sorted((path for path in kept if figures[path] < math.inf), key=lambda path: figures[path])
    if len(ranked) < count:
        raise UsageError(
            f"{run} holds {_counted(len(ranked))} with a validation, but {count} are asked for; {_less(len(ranked))}"
            f"train with training.keep_checkpoints={count} and training.checkpoint_every as training.validate_every"
        )
    return ranked[:count]


def _kept(run: Path) -> list[Path]:
    folder = run / "checkpoints"
    if not folder.is_dir():
        raise UsageError(f"{run} is no run folder, so it has no checkpoints; name one that `clearhead train` made")
    return list(checkpoints(folder))


def _figure(validation: Validation | None, by: str) -> float:
    """Lower is better; infinite where there is no such number."""
    if validation is None:
        return math.inf
    # A loss that was no number is null in a history.
    if by == "loss":
        return math.inf if validation.loss is None else validation.loss
    found = None if validation.scores is None else validation.scores.figures.get(by)
    return math.inf if found is None else -found


def _counted(count: int) -> str:
    return f"{count} checkpoint{'' if count == 1 else 's'}"


def _less(count: int) -> str:
    """What to ask for instead, where there is more than one."""
    return f"ask for {count}, or " if count > 1 else ""
