"""What a run wrote of itself while it trained: its history, and the curves in it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clearhead.errors import BundleError
from clearhead.training.logs import validation_figures
from clearhead.training.validation import Validation

# Of each curve its steps and values.
Curve = tuple[list[int], list[float]]


def read_history(folder: Path | None) -> list[dict[str, Any]]:
    """The lines of the run's history.jsonl; none where a bundle came alone. Raises BundleError for a damaged one."""
    places = () if folder is None else (folder, folder.parent)
    path = next((one / "history.jsonl" for one in places if (one / "history.jsonl").is_file()), None)
    if path is None:
        return []
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        if not all(isinstance(line, dict) for line in lines):
            raise ValueError("a line is no object")
        return lines
    except (OSError, ValueError, RecursionError) as error:
        raise BundleError(f"{path} cannot be read ({error}); move it away to look without it") from None


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
