"""A run's figures for other programs, while it goes: as a table in CSV, and for TensorBoard.

    train(recipe, "runs/mine", callbacks=[CsvLog("runs/mine/figures.csv")])

Both have the same names: training/loss, training/learning_rate, validation/loss, validation/bleu, …
"""

import csv
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from clearhead.errors import PackageError
from clearhead.files import publish_file
from clearhead.training.callbacks import Callback, Progress
from clearhead.training.checkpoint import disk_errors
from clearhead.training.run_inputs import RunInputs
from clearhead.training.validation import Validation


def progress_figures(progress: Progress) -> dict[str, float]:
    """What a logged step tells, by name."""
    names = "loss", "learning_rate", "tokens", "tokens_per_second", "seconds_a_step", "skipped"
    return {f"training/{name}": getattr(progress, name) for name in names}


def validation_figures(validation: Validation, prefix: str = "validation") -> dict[str, float]:
    """What a validation found, by name; that of a set with a name under validation/NAME."""
    scores = {} if validation.scores is None else validation.scores.figures
    own = {"loss": validation.loss, "perplexity": validation.perplexity, **scores}
    # A history has null for what is not a number.
    place = f"{prefix}/{validation.name}" if validation.name else prefix
    found = {f"{place}/{name}": math.nan if value is None else float(value) for name, value in own.items()}
    for name, other in validation.others.items():
        found |= validation_figures(other, f"{prefix}/{name}")
    return found


@final
class CsvLog(Callback):
    """A table with a row for each logged step and for each validation; what a row does not tell is empty.

    A run that is resumed goes on with its table: rows after the checkpoint are written again.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._columns = ["step"]

    def on_start(self, inputs: RunInputs, parameters: int, resumed_at: int) -> None:
        kept = [row for row in self._rows() if int(row["step"]) <= resumed_at] if resumed_at else []
        self._write(kept)

    def on_log(self, progress: Progress) -> None:
        self._append(progress.step, progress_figures(progress))

    def on_validation(self, step: int, validation: Validation, best: bool) -> None:
        self._append(step, validation_figures(validation))

    def _append(self, step: int, figures: Mapping[str, float]) -> None:
        new = [name for name in figures if name not in self._columns]
        if new:
            rows = self._rows()
            self._columns += new
            self._write(rows)
        with disk_errors(self.path.parent), self.path.open("a", encoding="utf-8", newline="") as file:
            csv.DictWriter(file, self._columns, lineterminator="\n").writerow({"step": step, **figures})

    def _rows(self) -> list[dict[str, Any]]:
        """Those of the file, but for a row that a kill cut short."""
        if not self.path.exists():
            return []
        with self.path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            rows = [row for row in reader if None not in row.values() and (row.get("step") or "").isdecimal()]
            self._columns = list(reader.fieldnames or ["step"])
        return rows

    def _write(self, rows: list[dict[str, Any]]) -> None:
        with disk_errors(self.path.parent), publish_file(self.path) as draft, draft.open("w", newline="") as file:
            writer = csv.DictWriter(file, self._columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


@final
class TensorBoardLog(Callback):
    """Event files in a folder, which `tensorboard --logdir` shows; a run that is resumed goes on with its curves."""

    def __init__(self, folder: str | Path) -> None:
        """Raises PackageError where TensorBoard is not installed."""
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise PackageError(
                "curves for TensorBoard need its package, which is not installed here; "
                "add it by: pip install 'clearhead[tensorboard]'"
            ) from None
        self.folder = Path(folder)
        self._make: Any = SummaryWriter
        self._writer: Any = None

    def on_start(self, inputs: RunInputs, parameters: int, resumed_at: int) -> None:
        with disk_errors(self.folder):
            self._writer = self._make(str(self.folder), purge_step=resumed_at + 1)

    def on_log(self, progress: Progress) -> None:
        self._add(progress.step, progress_figures(progress))

    def on_validation(self, step: int, validation: Validation, best: bool) -> None:
        self._add(step, validation_figures(validation))
        self._writer.flush()

    def on_end(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def _add(self, step: int, figures: Mapping[str, float]) -> None:
        for name, value in figures.items():
            self._writer.add_scalar(name, value, step)
