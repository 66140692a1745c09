"""How well a model predicts a text that reads it both ways."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from clearhead.evaluation.masked import MaskedScores
from clearhead.evaluation.perplexity import TextScores


@dataclasses.dataclass(frozen=True)
class TwoWayScores:
    """text: each token predicted from those before it. masked: masked places predicted from all others."""

    text: TextScores
    masked: MaskedScores

    @classmethod
    def from_plain(cls, text: Mapping[str, Any], masked: Mapping[str, Any]) -> "TwoWayScores":
        """From the plain values of both, by name, as a run's history has them."""
        return cls(TextScores(**text), MaskedScores(**masked))

    @property
    def figures(self) -> Mapping[str, float]:
        """A run selects by the loss of all that is predicted."""
        return {}

    @property
    def brief(self) -> str:
        return f"next loss {self.text.loss:.4f}, {self.text.brief}  {self.masked.brief}"

    @property
    def doubt(self) -> None:
        """None that a loss would not show."""
        return

    @property
    def lines(self) -> Sequence[str]:
        return [*self.text.lines, *self.masked.lines]
