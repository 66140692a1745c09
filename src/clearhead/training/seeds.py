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
from clearhead.training.checkpoint import checkpoints, disk_errors, newest_checkpoint, read_state
from clearhead.training.loop import train
from clearhead.training.result import TrainingResult
from clearhead.training.validation import Validation

NAME: Final = "seeds.json"


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
    to `folder`/seeds.json. callbacks: those of the run of a seed. The rest is as in `train`, and so is what is raised.
    """
    results: dict[int, TrainingResult] = {}
    for seed in range(recipe.training.seed, recipe.training.seed + seeds):
        own = recipe.model_copy(update={"training": recipe.training.model_copy(update={"seed": seed})})
        place = Path(folder) / f"seed-{seed}"
        result = _ended(place, own) if resume else None
        if result is None:
            begun = resume and ((place / "checkpoints").exists() or (place / "history.jsonl").exists())
            result = train(own, place, resume=begun, callbacks=callbacks(seed), should_stop=should_stop)
        if not _is_whole(result, own):
            return SeedsResult(Path(folder), results, result)
        results[seed] = result
    found = SeedsResult(Path(folder), results)
    _write(found)
    return found


def _ended(place: Path, recipe: Recipe) -> TrainingResult | None:
    """The run in a folder, where it has nothing left to do."""
    if not any(checkpoints(place / "checkpoints")):
        return None
    result = TrainingResult(place, read_state(newest_checkpoint(place / "checkpoints")[0]))
    return result if _is_whole(result, recipe) and (place / "bundle").is_dir() else None


def _is_whole(result: TrainingResult, recipe: Recipe) -> bool:
    return result.state.is_at_the_end(recipe.training.steps) or result.state.stopped_early


def _figures(folder: Path, best: Validation | None) -> dict[str, float]:
    if best is None:
        raise TrainingError(f"{folder} holds no model, as no validation gave a number; lower training.schedule.peak")
    return {"loss": best.loss, **(best.scores.figures if best.scores is not None else {})}


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
