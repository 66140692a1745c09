"""How long a target may grow."""

from collections.abc import Sequence
from dataclasses import dataclass

from clearhead.bounds import real, whole
from clearhead.errors import DecodingError
from clearhead.text.utf8 import Utf8Automaton


@dataclass(frozen=True)
class LengthLimit:
    """The greatest number of target tokens, the end token included: factor · source tokens + extra.

    Source tokens count the source's end token. The paper allows the input's length + 50 (section 6.1). The model's own
    limit caps the result, and a forced prefix raises it to the prefix and one token more.
    """

    factor: float = 2.0
    extra: int = 20

    def __post_init__(self) -> None:
        object.__setattr__(self, "factor", real("factor", self.factor))
        object.__setattr__(self, "extra", whole("extra", self.extra))
        if self.factor + self.extra < 1:
            raise DecodingError(
                f"length limit {self.factor} · source + {self.extra} may leave no token; "
                "choose a factor and an extra of 0 or more with a sum of 1 or more, such as 2 and 20"
            )

    def tokens(self, source_tokens: int, prefix_tokens: int, model_limit: int) -> int:
        return min(max(int(self.factor * source_tokens) + self.extra, prefix_tokens + 1), model_limit)


def greatest_length(
    source: Sequence[int], prefix: Sequence[int], limit: LengthLimit, utf8: Utf8Automaton | None, model_limit: int
) -> int:
    """The greatest number of target tokens of a sentence; a prefix has room to end its last character."""
    due = utf8.due(prefix) if utf8 is not None and prefix else 0
    return limit.tokens(len(source), len(prefix) + due, model_limit)
