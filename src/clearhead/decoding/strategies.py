"""How a beam search counts and when it stops: clearhead's way, and that of Hugging Face's `generate`, by name."""

from dataclasses import dataclass
from typing import Final, Literal, cast, get_args

from clearhead.bounds import shown
from clearhead.decoding.scores import LengthPenalty
from clearhead.errors import DecodingError

StrategyName = Literal["clearhead", "huggingface"]
EarlyStopping = Literal["heuristic", "early", "never"]
_FORMS: Final = "write clearhead, huggingface, huggingface:early (early_stopping=true), or huggingface:never"


@dataclass(frozen=True)
class SearchStrategy:
    """Which hypotheses of a beam finish, and when a sentence needs no more of them.

    clearhead: every candidate that ends is finished; a sentence stops once no live hypothesis can score higher than
    what it has found.
    huggingface: an end finishes a hypothesis only among the first beam_size candidates. beam_size of them are kept, and
    what reaches the greatest length is one of them. A forced token has a log-probability of 0. By its stopping a
    sentence with beam_size of them stops at once ("early"), once the best live one at its present length is no better
    than the worst of them ("heuristic"), or at its greatest length ("never").
    Source: transformers 5, generation/utils.py, `_beam_search`.

    Raises DecodingError for an unknown name.
    """

    name: StrategyName = "clearhead"
    stopping: EarlyStopping = "heuristic"

    def __post_init__(self) -> None:
        if self.name not in get_args(StrategyName) or self.stopping not in get_args(EarlyStopping):
            raise DecodingError(f"search {shown(str(self))} is not known; {_FORMS}")
        if not self.is_theirs and self.stopping != "heuristic":
            raise DecodingError(f"search {shown(str(self))} is not known; {_FORMS}")

    @classmethod
    def parse(cls, text: str) -> "SearchStrategy":
        """Read `clearhead`, `huggingface`, `huggingface:early` or `huggingface:never`; DecodingError names them."""
        if not isinstance(text, str):
            raise DecodingError(f"search {shown(text)} is no text; {_FORMS}")
        name, _, stopping = text.partition(":")
        return cls(cast(StrategyName, name), cast(EarlyStopping, stopping or "heuristic"))

    def __str__(self) -> str:
        return self.name if self.stopping == "heuristic" else f"{self.name}:{self.stopping}"

    @property
    def is_theirs(self) -> bool:
        """Whether it is Hugging Face's."""
        return self.name == "huggingface"

    def is_enough(self, worst: float, best_total: float, length: int, longest: int, penalty: LengthPenalty) -> bool:
        """Whether a sentence that has found enough may stop.

        worst: the lowest score of what was found. best_total: the log-probability of the best live hypothesis, of
        `length` tokens; it may grow to `longest`.
        """
        if self.stopping == "early":
            return True
        to_the_end = not self.is_theirs or self.stopping == "never"
        return penalty.best_possible(best_total, longest if to_the_end else length) <= worst
