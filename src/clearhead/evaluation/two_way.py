"""How well a model predicts a text that reads it both ways."""

import dataclasses
from collections.abc import Mapping, Sequence

from clearhead.evaluation.masked import MaskedScores
from clearhead.evaluation.perplexity import TextScores


@dataclasses.dataclass(frozen=True)
class TwoWayScores:
    """text: each token predicted from those before it. masked: masked places predicted from all others.

    Either may be its plain values, by name, as a run's history has them.
    """

    text: TextScores
    masked: MaskedScores

    def __post_init__(self) -> None:
        for name, kind in (("text", TextScores), ("masked", MaskedScores)):
            if isinstance(values := getattr(self, name), Mapping):
                object.__setattr__(self, name, kind(**values))

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
