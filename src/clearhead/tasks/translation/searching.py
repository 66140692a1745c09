"""From texts' ids to their translations."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from clearhead.decoding import Engine, Hypothesis, SearchOptions, Shortlist
from clearhead.decoding.phrases import Phrase
from clearhead.decoding.requests import requests_for
from clearhead.errors import UsageError
from clearhead.tasks.searching import COUNTED
from clearhead.tasks.translation.results import (
    BLANK,
    Translation,
    aligned,
    as_text,
    attended,
    best_covered,
    rescored,
)
from clearhead.text import Tokenizer

if TYPE_CHECKING:
    import clearhead.model


@dataclasses.dataclass(frozen=True)
class Passes:
    """What is computed of hypotheses once they are found, in one more pass of the model over all their positions.

    precise: gives the model for it. exact: whether it gives the scores that are reported; they are otherwise those of
    the search. source_bytes: the bytes of each source token, where words are to be aligned; None where they are not.
    coverage_penalty: how much it counts that parts of a source were not looked at. count: how many of each source's
    hypotheses are given; None for all.
    """

    precise: "Callable[[], Any]"
    exact: bool = True
    source_bytes: Sequence[bytes | None] | None = None
    coverage_penalty: float = 0.0
    count: int | None = None

    @property
    def are_none(self) -> bool:
        return not self.exact and self.source_bytes is None and not self.coverage_penalty

    def over(
        self, sources: Sequence[list[int]], found: list[list[Hypothesis]], options: SearchOptions, tokenizer: Tokenizer
    ) -> list[list[Translation]]:
        """The hypotheses of each source, in the same order, with all that was asked for."""
        model = self.precise()
        if self.exact:
            found = rescored(model, sources, found, options)
        texts = [[as_text(one, tokenizer) for one in hypotheses] for hypotheses in found]
        if not self.coverage_penalty and self.source_bytes is None:
            return texts
        seen = attended(model, sources, texts, options.begin)
        if self.coverage_penalty:
            seen = [best_covered(one, self.coverage_penalty)[: self.count] for one in seen]
        if self.source_bytes is None:
            return [[one.translation for one in own] for own in seen]
        of_target = tokenizer.token_bytes
        return [aligned(own, source, self.source_bytes, of_target) for own, source in zip(seen, sources, strict=True)]


def translations(
    encoded: Sequence[list[int] | None],
    engine: Engine,
    tokenizer: Tokenizer,
    options: SearchOptions,
    *,
    numbers: Sequence[int] | None = None,
    prefix: str = "",
    shortlist: Shortlist | None = None,
    passes: Passes | None = None,
    phrases: Sequence[tuple[Phrase, ...]] | None = None,
) -> Iterator[list[Translation]]:
    """The best translations of each text, as soon as they are there; a blank one of a blank text.

    encoded: each text's ids, None for a blank one. numbers: theirs among all; from 0 where none are given.
    passes: what is computed of them besides; None for nothing. phrases: what each text's translations must hold.
    """
    every = range(len(encoded)) if numbers is None else numbers
    own = [number for number, source in zip(every, encoded, strict=True) if source is not None]
    sources = [source for source in encoded if source is not None]
    forced = [*tokenizer.opening, *(tokenizer.encode(prefix, COUNTED) if prefix else ())]
    prefixes = [forced] * len(sources) if forced else None
    wanted = None
    if phrases is not None:
        wanted = [some for some, source in zip(phrases, encoded, strict=True) if source is not None]
    requests = requests_for(engine.runtime.sizes, sources, options, prefixes, own, shortlist=shortlist, phrases=wanted)
    with contextlib.closing(engine.results(requests)) as results:
        if passes is None or passes.are_none:
            found = ([as_text(one, tokenizer) for one in hypotheses] for hypotheses in results)
        else:
            found = (one for one in passes.over(sources, list(results), options, tokenizer))
        is_aligned = passes is not None and passes.source_bytes is not None
        blank = dataclasses.replace(BLANK, alignment=()) if is_aligned else BLANK
        for source in encoded:
            yield [blank] if source is None else next(found)


def scores(
    encoded: Sequence[list[int] | None],
    targets: Sequence[str],
    model: "clearhead.model.EncoderDecoder",
    tokenizer: Tokenizer,
    options: SearchOptions,
    batch_tokens: int | None = None,
) -> list[Translation]:
    """How probable the model holds each target; that of a source without ids is blank, too.

    Raises DecodingError for a target that is longer than the model can write.
    """
    from clearhead.decoding import score_ids

    asked = {number: source for number, source in enumerate(encoded) if source is not None}
    encoded_targets = tokenizer.encode_many([targets[number] for number in asked], COUNTED)
    wanted = [[*tokenizer.opening, *ids] for ids in encoded_targets]
    found = score_ids(model, [*asked.values()], wanted, options, numbers=[*asked], batch_tokens=batch_tokens)
    by_number = dict(zip(asked, found, strict=True))
    return [as_text(by_number[n], tokenizer) if n in by_number else BLANK for n in range(len(encoded))]


def listed_for(to: str | None, shortlist: Shortlist | None, languages: Sequence[str]) -> Shortlist | None:
    """The shortlist. Raises UsageError where it was learned for another one of the model's languages."""
    if shortlist is not None and languages and shortlist.language != to:
        raise UsageError(
            f"the shortlist is for translations into {shortlist.language}, not {to}; "
            "make one for that language with `clearhead shortlist`, or leave it out"
        )
    return shortlist
