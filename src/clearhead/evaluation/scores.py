"""What a task measures of a model beside its loss: each kind of scores has the same few properties."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol, runtime_checkable

from clearhead.evaluation.classes import ClassScores
from clearhead.evaluation.masked import MaskedScores
from clearhead.evaluation.metrics import Quality
from clearhead.evaluation.perplexity import TextScores
from clearhead.evaluation.two_way import TwoWayScores


@runtime_checkable
class Scores(Protocol):
    """What a validation finds, and how it is told."""

    @property
    def figures(self) -> Mapping[str, float]:
        """Those that a run may select its model by; the higher, the better."""
        ...

    @property
    def brief(self) -> str:
        """In a few words, as part of a line."""
        ...

    @property
    def doubt(self) -> str | None:
        """In a line, what is probably wrong with a model that is judged so for the first time; None for nothing."""
        ...

    @property
    def lines(self) -> Sequence[str]:
        """In full, as a list of a model card has it."""
        ...


# What a run's history calls each kind. Version 0.1 had the first, and null where there was none.
KINDS: Final[Mapping[str, type[Any]]] = {
    "quality": Quality, "text": TextScores, "classes": ClassScores, "masked": MaskedScores,
    "both_ways": TwoWayScores,
}  # fmt: skip


def plain_scores(scores: Scores | None) -> dict[str, Any]:
    """Scores as a run's history has them: what was not measured is left out."""
    named = {
        name: {key: value for key, value in dataclasses.asdict(scores).items() if value is not None}
        for name, kind in KINDS.items()
        if isinstance(scores, kind)
    }
    return {"quality": None, **named}


def scores_from(values: Mapping[str, Any]) -> Scores | None:
    """What `plain_scores` made plain."""
    found = next((name for name in KINDS if values.get(name) is not None), None)
    # Of several kinds together it takes more than their values to make them.
    return None if found is None else getattr(KINDS[found], "from_plain", KINDS[found])(**values[found])
