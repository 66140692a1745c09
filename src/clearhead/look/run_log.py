"""What a run wrote of itself while it trained: its history, the curves in it, and samples of what the model wrote."""

import dataclasses
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from clearhead.errors import BundleError
from clearhead.training.logs import validation_figures
from clearhead.training.validation import Validation

# Of each curve its steps and values.
Curve = tuple[list[int], list[float]]
# Of a curve on the page, and one more: a picture of it is no wider.
MOST_POINTS: Final = 500


@dataclasses.dataclass(frozen=True)
class RunLog:
    """What a run wrote of itself while it trained.

    history: the lines of history.jsonl; samples: those of samples.jsonl.
    """

    history: Sequence[Mapping[str, Any]] = ()
    samples: Sequence[Mapping[str, Any]] = ()

    def document(self) -> dict[str, Any]:
        """As the page shows it, as JSON: the panels of `curves_of`, the best validation's step, and the samples.

        A curve is pairs of a step and a value, which is null where it is no number; a long one is thinned.
        """
        panels = {
            panel: {name: _points(curve) for name, curve in curves.items()}
            for panel, curves in curves_of(self.history).items()
        }
        return {"curves": panels, "best": best_step(self.history), "samples": [dict(line) for line in self.samples]}


def read_run(folder: Path | None) -> RunLog:
    """What lies in a run's folder, or beside its bundle; nothing where a bundle came alone.

    A line that is being written is left out. Raises BundleError for damaged files.
    """
    places = () if folder is None else (folder, folder.parent)
    run = next((one for one in places if (one / "history.jsonl").is_file()), None)
    if run is None:
        return RunLog()
    return RunLog(_lines(run / "history.jsonl", _of_training), _lines(run / "samples.jsonl", _of_text))


def best_step(history: Sequence[Mapping[str, Any]]) -> int | None:
    """The step of the best validation; None before the first."""
    return next((line["step"] for line in reversed(history) if line.get("best")), None)


def _lines(path: Path, read: Callable[[Any], object]) -> list[dict[str, Any]]:
    """read: raises what a line that is no such line raises."""
    try:
        # What follows the last end of a line is not yet whole.
        whole = path.read_bytes().split(b"\n")[:-1] if path.is_file() else []
        lines = [json.loads(line.decode("utf-8")) for line in whole]
        for line in lines:
            read(line)
        return lines
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BundleError(f"{path} cannot be read ({error!r}); move it away to look without it") from None


def _of_training(line: Any) -> object:
    return curves_of([line])


def _of_text(line: Any) -> object:
    if not all(isinstance(line[name], str) for name in ("source", "reference", "hypothesis")):
        raise ValueError("a text is none")
    return int(line["step"])


def _points(curve: Curve) -> list[tuple[int, float | None]]:
    points = [(step, value if math.isfinite(value) else None) for step, value in zip(*curve, strict=True)]
    each = -(-len(points) // MOST_POINTS)
    return points if len(points) <= MOST_POINTS else [*points[:-1:each], points[-1]]


def curves_of(history: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Curve]]:
    """The curves of a run by panel and name, of the lines of its history.jsonl; an empty panel is left out."""
    losses: dict[str, Curve] = {}
    scores: dict[str, Curve] = {}
    rates: dict[str, Curve] = {}
    for line in history:
        if "validation" not in line:
            _add(losses, "training", line["step"], line["loss"])
            _add(rates, "rate", line["step"], line["learning_rate"])
            continue
        for name, value in validation_figures(Validation.from_plain(line["validation"])).items():
            kind = name.removeprefix("validation/")
            place, _, figure = name.rpartition("/")
            if figure == "loss":
                _add(losses, place, line["step"], value)
            elif figure != "perplexity":
                _add(scores, kind, line["step"], value)
    panels = {"loss": losses, "scores": scores, "rate": rates}
    return {name: curves for name, curves in panels.items() if curves}


def _add(curves: dict[str, Curve], name: str, step: int, value: float | None) -> None:
    steps, values = curves.setdefault(name, ([], []))
    steps.append(step)
    values.append(float("nan") if value is None else value)
