"""Rules of writing: what may not be repeated, how long a text is, what is never in it. Each is off unless it is set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from clearhead.bounds import real, shown, token_id, whole
from clearhead.errors import DecodingError


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What holds for every hypothesis beside what the model finds probable.

    no_repeat_ngram_size: no sequence of so many tokens comes twice; 0 lets all repeat.
    repetition_penalty: above 1, tokens that were there become less probable: what is negative is multiplied by it, what
        is positive divided. It is a logit where one token is taken at a time, and a log-probability in a wider beam.
        Source: Keskar et al. 2019, "CTRL", section 4.1.
    min_tokens, max_tokens: how many tokens a text has, its end among them; the end is banned before min_tokens are
        there. Where max_tokens is None, the length limit holds alone.
    forced_end: the last token that there is room for is the end.
    bad_words: sequences of ids that are never written.

    What was there are the begin token, the tokens since, and before them a prompt where the model goes on from one.
    Raises DecodingError for a value outside its range.
    """

    no_repeat_ngram_size: int = 0
    repetition_penalty: float = 1.0
    min_tokens: int = 0
    max_tokens: int | None = None
    forced_end: bool = False
    bad_words: tuple[tuple[int, ...], ...] = ()

    def __post_init__(self) -> None:
        for name in ("no_repeat_ngram_size", "min_tokens"):
            object.__setattr__(self, name, whole(name, getattr(self, name), "0 is none"))
        if self.max_tokens is not None:
            object.__setattr__(self, "max_tokens", whole("max_tokens", self.max_tokens))
            if self.min_tokens > self.max_tokens:
                raise DecodingError(
                    f"min_tokens={self.min_tokens} is more than max_tokens={self.max_tokens}; lower the former"
                )
        penalty = real("repetition_penalty", self.repetition_penalty, "1 is none")
        object.__setattr__(self, "repetition_penalty", penalty)
        if not isinstance(self.forced_end, bool):
            raise DecodingError(f"forced_end={shown(self.forced_end)} must be true or false")
        object.__setattr__(self, "bad_words", _words(self.bad_words))

    @classmethod
    def from_plain(cls, values: Any) -> "Rules":
        """From values that may be anything. Raises DecodingError in one line."""
        names = [one.name for one in fields(cls)]
        if not isinstance(values, Mapping):
            raise DecodingError(f"rules={shown(values)} must be an object")
        if unknown := [one for one in values if one not in names]:
            raise DecodingError(f"rules have {shown(unknown[0])}, which is none of {', '.join(names)}")
        words = {"bad_words": _words(values["bad_words"])} if "bad_words" in values else {}
        return cls(**{**values, **words})

    def as_plain(self) -> dict[str, Any]:
        """What is set, by name."""
        usual = Rules()
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        found = {name: value for name, value in values.items() if value != getattr(usual, name)}
        return found if "bad_words" not in found else found | {"bad_words": [list(one) for one in self.bad_words]}

    @property
    def single_words(self) -> tuple[int, ...]:
        """The bad words of one token."""
        return tuple(one[0] for one in self.bad_words if len(one) == 1)

    @property
    def look_back(self) -> bool:
        """Whether what a token may be depends on those before it."""
        long_words = any(len(one) > 1 for one in self.bad_words)
        return self.no_repeat_ngram_size > 0 or self.repetition_penalty != 1.0 or long_words


def _words(words: Any) -> tuple[tuple[int, ...], ...]:
    """Raises DecodingError for what are no sequences of ids."""
    if not isinstance(words, Sequence) or not all(isinstance(one, Sequence) and len(one) for one in words):
        raise DecodingError(f"bad_words={shown(words)} must be lists of ids, each of one id or more")
    return tuple(tuple(token_id("bad_words", one) for one in word) for word in words)
