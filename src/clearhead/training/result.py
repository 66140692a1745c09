"""What `clearhead.train` gives."""

import dataclasses
import functools
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clearhead.bundle import Bundle, load
from clearhead.errors import TrainingError
from clearhead.training.checkpoint import TrainState
from clearhead.training.history import History
from clearhead.training.validation import Validation

# What `train` gave before it gave a result, and what each is called in `TrainState` now.
_OF_THE_STATE = {
    **{field.name: field.name for field in dataclasses.fields(TrainState) if field.name != "best"},
    "is_at_the_end": "is_at_the_end",
    "judged_by": "selection_metric",
    "waited": "validations_without_improvement",
}


@dataclasses.dataclass(frozen=True)
class TrainingResult:
    """A run that ended.

    folder: the run folder. state: where the run ended, as its newest checkpoint has it.
    """

    folder: Path
    state: TrainState

    @functools.cached_property
    def bundle(self) -> Bundle:
        """The model of the best validation, as `clearhead.load` gives it.

        Raises TrainingError where no validation gave a number, so that none was kept, BundleError where it is damaged.
        """
        if self.state.best is None and not (self.folder / "bundle").exists():
            raise TrainingError(
                f"{self.folder} holds no model, as no validation gave a number; lower training.schedule.peak, or go on "
                "until training.validate_every"
            )
        return load(self.folder)

    @functools.cached_property
    def history(self) -> tuple[Mapping[str, Any], ...]:
        """The lines of history.jsonl: those of losses, and those of validations."""
        return tuple(History(self.folder).lines())

    @functools.cached_property
    def best(self) -> Validation | None:
        """What the validation found that the bundle was kept at; None where there was none."""
        found = History(self.folder).validation_at(self.state.best_step)
        return None if found is None or self.state.best is None else Validation.from_plain(found)

    def __getattr__(self, name: str) -> Any:
        """What `train` gave before it gave this: the state itself. A bundle's methods are named where they are."""
        if name in _OF_THE_STATE:
            now = _OF_THE_STATE[name]
            warnings.warn(
                f"what clearhead.train gives has its {name} in .state.{now}", DeprecationWarning, stacklevel=2
            )
            return getattr(self.state, now)
        where = f"; its model has: .bundle.{name}" if hasattr(Bundle, name) else ""
        raise AttributeError(f"the result of training has no {name}{where}")
