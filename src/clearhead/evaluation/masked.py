"""How well a model fills masked places."""

import dataclasses
from collections.abc import Mapping, Sequence


@dataclasses.dataclass(frozen=True)
class MaskedScores:
    """Of the masked places of a text, each of which is predicted once.

    loss: nats a place. accuracy: at how many, from 0 to 1, the likeliest piece is the one that stood there.
    places: how many there are.
    """

    loss: float
    accuracy: float
    places: int

    @property
    def figures(self) -> Mapping[str, float]:
        """The loss says more of a model that is not trained to the end."""
        return {}

    @property
    def brief(self) -> str:
        return f"masked loss {self.loss:.4f}, {100 * self.accuracy:.1f} % right"

    @property
    def doubt(self) -> None:
        """A model that has hardly learned finds few pieces, and will find more."""
        return

    @property
    def lines(self) -> Sequence[str]:
        count = f"{self.places:,} masked place{'s' if self.places != 1 else ''}"
        return [f"{100 * self.accuracy:.1f} % of {count} filled right, loss {self.loss:.4f} nats a place"]
