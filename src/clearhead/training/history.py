"""What happened, a line a step that was logged: history.jsonl repeats exactly, timing.jsonl never does.

samples.jsonl has what was written at each validation, a line a text.
"""

import dataclasses
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from clearhead.files import publish_file
from clearhead.training.callbacks import Callback, Progress
from clearhead.training.checkpoint import disk_errors
from clearhead.training.validation import Validation


@final
class History(Callback):
    """Writes the logs of a run folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.history = folder / "history.jsonl"
        self.timing = folder / "timing.jsonl"
        self.samples = folder / "samples.jsonl"

    def begin(self, step: int, awaits_validation: bool = False) -> None:
        """Keep the lines up to `step`, which is 0 for a new run: those after a checkpoint will be written again.

        awaits_validation: the model of that step will be validated again, too.
        """
        # Of a task that writes nothing there is no file of samples.
        for path in (self.history, self.timing, *([self.samples] if self.samples.exists() else [])):
            # A kill may have cut the last line anywhere.
            lines = path.read_text(encoding="utf-8", errors="replace").split("\n") if path.exists() else []
            kept = [line for line in lines if line and _step(line) <= step]
            if awaits_validation:
                kept = [line for line in kept if _step(line) < step or not _is_of_validation(json.loads(line))]
            with publish_file(path) as draft:
                draft.write_text("".join(line + "\n" for line in kept), encoding="utf-8")

    def on_log(self, progress: Progress) -> None:
        """What repeats is in one log, the clocks in the other."""
        repeated = {
            "step": progress.step, "loss": progress.loss, "learning_rate": progress.learning_rate,
            "tokens": progress.tokens, "skipped": progress.skipped,
        }  # fmt: skip
        self._append(self.history, repeated)
        speed = {"tokens_per_second": progress.tokens_per_second, "seconds_a_step": progress.seconds_a_step}
        self._append(self.timing, {"step": progress.step, **speed})

    def on_validation(self, step: int, validation: Validation, best: bool) -> None:
        self._append(self.history, {"step": step, "validation": validation.as_plain(), "best": best})
        for name, one in {validation.name: validation, **validation.others}.items():
            for sample in one.samples:
                place = {"step": step, "set": name} if name else {"step": step}
                self._append(self.samples, {**place, **dataclasses.asdict(sample)})

    def validation_at(self, step: int) -> Mapping[str, Any] | None:
        """What the validation at `step` found; None where there was none."""
        found = (line for line in self.lines() if line["step"] == step and "validation" in line)
        return next((line["validation"] for line in found), None)

    def lines(self) -> list[Mapping[str, Any]]:
        """What history.jsonl holds, but for a line that a kill cut short; nothing where it is gone."""
        text = self.history.read_text(encoding="utf-8", errors="replace") if self.history.exists() else ""
        return [json.loads(line) for line in text.split("\n") if math.isfinite(_step(line))]

    def _append(self, path: Path, values: Mapping[str, object]) -> None:
        # Samples are for people to read. A lone surrogate has no UTF-8, and JSON's escape is what replaces it.
        with disk_errors(self.folder), path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            is_read = path == self.samples
            file.write(json.dumps(_finite(values), allow_nan=False, ensure_ascii=not is_read) + "\n")


def _finite(value: object) -> object:
    """The same with null for each NaN and infinity, which JSON does not have."""
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _is_of_validation(line: Mapping[str, Any]) -> bool:
    return "validation" in line or "hypothesis" in line


def _step(line: str) -> float:
    """A line's step; a line that a kill cut short belongs to no step."""
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return float("inf")
