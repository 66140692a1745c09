"""How hypotheses of different lengths are compared: length penalties, by name.

A sum of log-probabilities falls with every token, so it favours short translations. Each penalty divides it by a number
that grows with the length. They are named because every toolkit means another one: write down which you used.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

from clearhead.bounds import real, shown
from clearhead.errors import DecodingError

PenaltyName = Literal["gnmt", "mean", "none"]
FORMS = "write gnmt:ALPHA (the paper's, such as gnmt:0.6), mean:ALPHA (such as mean:1.0), or none"


@dataclass(frozen=True)
class LengthPenalty:
    """Divides a hypothesis' log-probability by a number that grows with its length.

    gnmt: ((5 + length) / 6)^alpha. Source: Wu et al. 2016, equation 14 (without its coverage term); the paper searches
    with beam 4 and alpha 0.6 (section 6.1).
    mean: length^alpha; with alpha 1 the score is the mean log-probability of a token (CTranslate2, Marian).
    none: 1, which is length^0; the score is the log-probability itself.

    A length counts the tokens that the model chose: the end token is one of them, the begin token is not.
    Raises DecodingError when the name is unknown or alpha is not from 0 to 10 (`bounds.REAL`).
    """

    name: PenaltyName = "mean"
    alpha: float = 1.0

    def __post_init__(self) -> None:
        if self.name not in get_args(PenaltyName):
            raise DecodingError(f"length penalty {shown(self.name)} is not known; {FORMS}")
        # Two penalties which do the same are equal.
        alpha = 0.0 if self.name == "none" else real("alpha", self.alpha, FORMS)
        object.__setattr__(self, "alpha", alpha)

    @classmethod
    def parse(cls, text: str) -> "LengthPenalty":
        """Read `gnmt:0.6`, `mean:1.0` or `none`; DecodingError names the three forms for anything else."""
        if not isinstance(text, str):
            raise DecodingError(f"length penalty {shown(text)} is no text; {FORMS}")
        if text == "none":
            return cls("none")
        name, _, number = text.partition(":")
        try:
            alpha = float(number)
        except ValueError:
            raise DecodingError(f"length penalty {shown(text)} cannot be read; {FORMS}") from None
        if name not in ("gnmt", "mean"):
            raise DecodingError(f"length penalty {shown(text)} is not known; {FORMS}")
        return cls(cast(PenaltyName, name), alpha)

    def __str__(self) -> str:
        return "none" if self.name == "none" else f"{self.name}:{self.alpha}"

    def score(self, log_probability: float, length: int) -> float:
        """The log-probability (natural logarithm) divided by the penalty of `length` tokens (at least 1)."""
        score: float = log_probability / (
            ((5 + length) / 6) ** self.alpha if self.name == "gnmt" else length**self.alpha
        )
        return score

    def best_possible(self, log_probability: float, max_length: int) -> float:
        """No continuation of a hypothesis with this log-probability scores higher, if it may grow to `max_length`.

        Further tokens only lower the log-probability, and no penalty shrinks with the length (alpha is 0 or more), so
        the bound is the present log-probability under the penalty of the greatest length. A search that stops only
        when what it has found reaches this bound loses nothing.
        """
        return self.score(log_probability, max_length)


def confidence(token_log_probabilities: Sequence[float]) -> float:
    """The geometric mean of some tokens' probabilities, from 0 to 1: exp of their mean log-probability; 1 for none."""
    if not token_log_probabilities:
        return 1.0
    # Rounding may carry a certain token past 1.
    return min(1.0, math.exp(math.fsum(token_log_probabilities) / len(token_log_probabilities)))
