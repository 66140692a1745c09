"""From texts' ids to their translations."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from clearhead.decoding import Engine, SearchOptions, Shortlist
from clearhead.decoding.requests import requests_for
from clearhead.errors import UsageError
from clearhead.tasks.searching import COUNTED
from clearhead.tasks.translation.results import BLANK, Translation, as_text, rescored
from clearhead.text import Tokenizer

if TYPE_CHECKING:
    import clearhead.model


def translations(
    encoded: Sequence[list[int] | None],
    engine: Engine,
    tokenizer: Tokenizer,
    options: SearchOptions,
    *,
    first: int = 0,
    prefix: str = "",
    shortlist: Shortlist | None = None,
    precise: "Callable[[], clearhead.model.EncoderDecoder] | None" = None,
) -> Iterator[list[Translation]]:
    """The best translations of each text, as soon as they are there; a blank one of a blank text.

    encoded: each text's ids, None for a blank one. first: the number of the first of them among all.
    precise: gives the model by which scores are reported; without it they are those of the search.
    """
    numbers = [first + number for number, source in enumerate(encoded) if source is not None]
    sources = [source for source in encoded if source is not None]
    forced = [*tokenizer.opening, *(tokenizer.encode(prefix, COUNTED) if prefix else ())]
    prefixes = [forced] * len(sources) if forced else None
    requests = requests_for(engine.runtime.sizes, sources, options, prefixes, numbers, shortlist=shortlist)
    with contextlib.closing(engine.results(requests)) as results:
        found = results if precise is None else iter(rescored(precise(), sources, list(results), options))
        for source in encoded:
            yield [BLANK] if source is None else [as_text(one, tokenizer) for one in next(found)]


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
