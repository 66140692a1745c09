"""How somebody asks for a search: held against what searches can do before a model is loaded."""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from clearhead.bounds import WHOLE, whole
from clearhead.decoding import LengthPenalty, Rules, Sampling, SearchOptions, SearchStrategy

if TYPE_CHECKING:
    import clearhead


@dataclasses.dataclass(frozen=True)
class AskedSearch:
    """How a search is asked for; what is None, or not among `rules`, is as the model has it.

    Raises DecodingError at what no search can do.
    """

    beam_size: int | None = None
    top_beams: int = 1
    length_penalty: str | None = None
    sampling: Sampling | None = None
    search: str | None = None
    rules: Mapping[str, float] = dataclasses.field(default_factory=dict)
    beam_groups: int = 1
    diversity_penalty: float | None = None

    def __post_init__(self) -> None:
        check_search(**vars(self))

    def of(self, bundle: "clearhead.Bundle") -> dict[str, Any]:
        """The same as `Bundle.search_stream` takes it."""
        return {**vars(self), "rules": rules_with(bundle.settings.rules, self.rules)}


def check_search(
    *,
    beam_size: int | None = None,
    top_beams: int = 1,
    length_penalty: str | None = None,
    sampling: Sampling | None = None,
    search: str | None = None,
    rules: Mapping[str, float] = MappingProxyType({}),
    beam_groups: int = 1,
    diversity_penalty: float | None = None,
) -> None:
    """Raise DecodingError at what no search can do, before a model is loaded; what is None is the model's."""
    penalty = LengthPenalty() if length_penalty is None else LengthPenalty.parse(length_penalty)
    widest = WHOLE["beam_size"][1]
    size = widest - widest % whole("beam_groups", beam_groups) if beam_size is None else beam_size
    SearchStrategy.parse(search or "clearhead")
    rules_with(Rules(), rules)
    SearchOptions(
        begin=0, end=1, beam_size=size, top_beams=top_beams, length_penalty=penalty, sampling=sampling,
        beam_groups=beam_groups, diversity_penalty=diversity_penalty,
    )  # fmt: skip


def given_rules(
    no_repeat_ngram_size: int | None, repetition_penalty: float | None, min_tokens: int | None
) -> dict[str, float]:
    """The rules that somebody gives, by name."""
    told = {
        "no_repeat_ngram_size": no_repeat_ngram_size,
        "repetition_penalty": repetition_penalty,
        "min_tokens": min_tokens,
    }
    return {name: value for name, value in told.items() if value is not None}


def rules_with(rules: Rules, given: Mapping[str, float]) -> Rules:
    """A model's rules, with those that are given instead. Raises DecodingError for a value outside its range."""
    changes: dict[str, Any] = dict(given)
    return dataclasses.replace(rules, **changes)
