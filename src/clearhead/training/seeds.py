"""The same run from several seeds, and how much its figures differ by chance alone: mean and standard deviation."""

import dataclasses
import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from clearhead.errors import TrainingError
from clearhead.files import publish_file
from clearhead.recipe import Recipe
from clearhead.training.callbacks import Callback
from clearhead.training.checkpoint import (
    checkpoints,
    disk_errors,
    named_otherwise,
    newest_checkpoint,
    read_state,
)
from clearhead.training.loop import train
from clearhead.training.result import TrainingResult
from clearhead.training.validation import Validation

NAME: Final = "seeds.json"
# What makes no figure of an ended run another.
_OF_NO_FIGURE: Final = ("name", "training.steps")


@dataclasses.dataclass(frozen=True)
class Spread:
    """Of one figure: its mean, its standard deviation (n - 1; 0 of one alone), and each seed's."""

    mean: float
    deviation: float
    each: tuple[float, ...]

    @classmethod
    def of(cls, each: Sequence[float]) -> "Spread":
        return cls(statistics.fmean(each), statistics.stdev(each) if len(each) > 1 else 0.0, tuple(each))


@dataclasses.dataclass(frozen=True)
class SeedsResult:
    """results: the runs that ended, by their seeds. stopped: the run that was stopped before its end, if one was."""

    folder: Path
    results: Mapping[int, TrainingResult]
    stopped: TrainingResult | None = None

    @property
    def spreads(self) -> dict[str, Spread]:
        """The figures of the models that the runs have kept: the loss, and what the task measures beside it.

        Raises TrainingError where a run has kept none.
        """
        figures = [_figures(result.folder, result.best) for result in self.results.values()]
        return {name: Spread.of([one[name] for one in figures]) for name in (figures[0] if figures else ())}


def train_seeds(
    recipe: Recipe,
    folder: str | Path,
    seeds: int,
    *,
    resume: bool = False,
    callbacks: Callable[[int], Sequence[Callback]] = lambda seed: (),
    should_stop: Callable[[], bool] = lambda: False,
) -> SeedsResult:
    """Train `seeds` runs one after the other, whose seeds count from the recipe's, into `folder`/seed-N.

    With `resume` what has ended stays, what was stopped goes on, and what is missing begins. Their figures are written
    to `folder`/seeds.json. callbacks: those of the run of a seed. The rest is as in `train`, and so is what is raised;
    TrainingError, too, where a run has ended that was trained by another recipe.
    """
    results: dict[int, TrainingResult] = {}
    runs = {seed: _of_seed(recipe, seed) for seed in range(recipe.training.seed, recipe.training.seed + seeds)}
    # All of them before the first is trained, which may take hours.
    ended = {seed: _ended(_place(folder, seed), own) if resume else None for seed, own in runs.items()}
    for seed, own in runs.items():
        place, result = _place(folder, seed), ended[seed]
        if result is None:
            begun = resume and ((place / "checkpoints").exists() or (place / "history.jsonl").exists())
            result = train(own, place, resume=begun, callbacks=callbacks(seed), should_stop=should_stop)
        if not _is_whole(result, own):
            return SeedsResult(Path(folder), results, result)
        results[seed] = result
    found = SeedsResult(Path(folder), results)
    _write(found)
    return found


def _of_seed(recipe: Recipe, seed: int) -> Recipe:
    return recipe.model_copy(update={"training": recipe.training.model_copy(update={"seed": seed})})


def _place(folder: str | Path, seed: int) -> Path:
    return Path(folder) / f"seed-{seed}"


def _ended(place: Path, recipe: Recipe) -> TrainingResult | None:
    """The run in a folder, where it has nothing left to do. Raises TrainingError where another recipe made it."""
    if not any(checkpoints(place / "checkpoints")):
        return None
    newest, _ = newest_checkpoint(place / "checkpoints")
    result = TrainingResult(place, read_state(newest))
    if not _is_whole(result, recipe) or not (place / "bundle").is_dir():
        return None
    for key, (was, now) in named_otherwise(newest, recipe).items():
        if key not in _OF_NO_FIGURE:
            raise TrainingError(
                f"{place} was trained with {key}={was}, but the recipe has {now}, so that their figures cannot be put "
                f"together; train into another folder by --out, or set {key}={was}"
            )
    return result


def _is_whole(result: TrainingResult, recipe: Recipe) -> bool:
    return result.state.is_at_the_end(recipe.training.steps) or result.state.stopped_early


def _figures(folder: Path, best: Validation | None) -> dict[str, float]:
    if best is None:
        raise TrainingError(f"{folder} holds no model, as no validation gave a number; lower training.schedule.peak")
    own = {"loss": best.loss, **(best.scores.figures if best.scores is not None else {})}
    others = {name: _figures(folder, one) for name, one in best.others.items()}
    return own | {f"{name} {figure}": value for name, one in others.items() for figure, value in one.items()}


def _write(found: SeedsResult) -> None:
    document = {
        "seeds": list(found.results),
        **{
            name: {"mean": one.mean, "deviation": one.deviation, "each": list(one.each)}
            for name, one in found.spreads.items()
        },
    }
    with disk_errors(found.folder), publish_file(found.folder / NAME) as draft:
        draft.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
