"""One sequence that is to be translated, or gone on with, and the search that many of them go through together."""

import functools
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from clearhead.bounds import WHOLE
from clearhead.decoding.beam import Step
from clearhead.decoding.checks import Ids, check_ids, check_options, check_shortlist
from clearhead.decoding.diverse import Diverse, gathered, of_a_group
from clearhead.decoding.hypothesis import Hypothesis, best_first
from clearhead.decoding.jobs import settle
from clearhead.decoding.lengths import LengthLimit, greatest_length
from clearhead.decoding.options import SearchOptions
from clearhead.decoding.phrases import Phrase, needed_ids, tokens_of
from clearhead.decoding.prefixes import Prefixes, checked_prefixes
from clearhead.decoding.sampling import Draws
from clearhead.decoding.search import Watch, search
from clearhead.decoding.shortlist import Shortlist
from clearhead.errors import DecodingError
from clearhead.runtimes.runtime import Runtime, Sizes
from clearhead.text.utf8 import Utf8Automaton

Found = list[Hypothesis]


@dataclass(frozen=True, eq=False)
class Request:
    """A `Job`: one sequence to be translated, or to be gone on with, and what becomes of it.

    begin: the token that the first step is fed, `options.begin` where it is None.
    number: its own among all that are translated, or several numbers: draws of sampling differ by it.
    max_length: in target tokens. written: tokens of the same text that came before, in which a stop string may begin.
    phrases: what its text must hold.
    """

    source: Sequence[int]
    options: SearchOptions
    max_length: int
    prefix: Sequence[int] = ()
    number: int | tuple[int, ...] = 0
    shortlist: Shortlist | None = None
    watch: Watch | None = None
    begin: int | None = None
    written: Sequence[int] = ()
    phrases: tuple[Phrase, ...] = ()
    found: "Future[Found]" = field(default_factory=Future)

    @property
    def rows(self) -> int:
        return self.options.beam_size if self.options.sampling is None else self.options.top_beams

    def goes_with(self, first: Any) -> bool:
        """Whether both are searched for alike."""
        if not isinstance(first, Request) or bool(self.phrases) != bool(first.phrases):
            return False
        return self.options == first.options and self.shortlist is first.shortlist

    def computed(self, runtime: Runtime, batch: "Sequence[Request]", threads: int) -> Sequence[Found]:
        return translated(runtime, batch, threads)


def translated(runtime: Runtime, batch: Sequence[Request], threads: int = 1) -> list[Found]:
    """The hypotheses of each of these requests, which have the same options and the same shortlist."""
    options, shortlist = batch[0].options, batch[0].shortlist
    each = options.beam_groups if options.sampling is None else options.top_beams
    # Every draw of a sentence, and every group of its beam, is searched for by itself: it can leave when it ends.
    spread = [request for request in batch for _ in range(each)]
    limits = [request.max_length for request in spread]
    sources, prefixes = [request.source for request in spread], [request.prefix for request in spread]
    lists = None
    if shortlist is not None:
        lists = shortlist.lists(sources, [(options.end, *one.prefix, *needed_ids(one.phrases)) for one in spread])
    draws = None
    if options.sampling is not None:
        own = [one.number if isinstance(one.number, tuple) else (one.number,) for one in batch]
        numbers = [(*number, draw) for number in own for draw in range(each)]
        draws = Draws(options.sampling, numbers, max(limits))
    begins = [options.begin if request.begin is None else request.begin for request in spread]
    diverse = None if options.beam_groups == 1 else Diverse.of_texts(options, len(batch))
    of_each = options if diverse is None else of_a_group(options)
    rows = of_each.beam_size if draws is None else 1
    with runtime.session():
        state = runtime.begin(sources, max(limits), rows=rows, lists=lists, threads=threads)
        found = search(
            state, limits, of_each, begins=begins, written=[request.written for request in spread],
            read=sources if runtime.sizes.shares_positions else None, prefixes=prefixes, draws=draws, diverse=diverse,
            phrases=[request.phrases for request in spread] if batch[0].phrases else None,
            watch=_watching(spread),
            wanted=lambda number: not spread[number].found.done(),
        )  # fmt: skip
    if each == 1 and draws is None:
        return found
    together = [found[place : place + each] for place in range(0, len(found), each)]
    if diverse is not None:
        return [gathered(groups, options) for groups in together]
    return [best_first([one for hypotheses in drawn for one in hypotheses]) for drawn in together]


def _watching(batch: Sequence[Request]) -> Watch | None:
    """Tells each request that is watched of its own part of every step; what that raises is that request's alone."""
    if all(request.watch is None for request in batch):
        return None

    def watch(step: Step) -> None:
        for place, number in enumerate(step.sentences):
            request = batch[number]
            if request.watch is not None and not request.found.done():
                try:
                    request.watch(step.of_sentence(place))
                except Exception as error:
                    settle([request], error)

    return watch


def requests_for(
    sizes: Sizes,
    sources: Ids,
    options: SearchOptions,
    prefixes: Prefixes | None = None,
    numbers: Sequence[int] | None = None,
    length_limit: LengthLimit | None = None,
    shortlist: Shortlist | None = None,
    watch: Watch | None = None,
    begins: Sequence[int] | None = None,
    phrases: Sequence[Sequence[Phrase]] | None = None,
) -> list[Request]:
    """A request for each source. Raises DecodingError for what the model cannot take; see `Engine.translate`.

    begins: for each source, the token that the first step is fed.
    phrases: for each, what its text must hold. Beside what it may be long and its beam it has so many tokens and
        hypotheses more as they have tokens.
    """
    most_tokens = options.rules.max_tokens
    limit = length_limit or (LengthLimit() if most_tokens is None else LengthLimit(0.0, most_tokens))
    own = range(len(sources)) if numbers is None else numbers
    fewest, most_read = sizes.source_range()
    check_ids("source", sources, own, sizes.source_vocabulary, most_read, at_least=fewest)
    check_options(options, sizes.target_vocabulary)
    check_shortlist(shortlist, sizes)
    shortlist = spelling(shortlist, options.utf8)
    prefixes = [()] * len(sources) if prefixes is None else prefixes
    if len(prefixes) != len(sources):
        raise DecodingError(f"{len(prefixes)} prefixes for {len(sources)} sources; give one for each, or none")
    check_ids("prefix", prefixes, own, sizes.target_vocabulary, sizes.max_length, at_least=0)
    limits = [
        greatest_length(source, prefix, limit, options.utf8, sizes.room(len(source)))
        for source, prefix in zip(sources, prefixes, strict=True)
    ]
    prefixes = checked_prefixes(limits, options, prefixes)
    first = [options.begin] * len(sources) if begins is None else begins
    check_ids("first token", [[one] for one in first], own, sizes.target_vocabulary, 1)
    found = [
        Request(source, options, most, prefix, number, shortlist, watch, begin)
        for source, most, prefix, number, begin in zip(sources, limits, prefixes, own, first, strict=True)
    ]
    pairs = zip(found, phrases or (), strict=phrases is not None)
    return found if phrases is None else [_with_phrases(one, tuple(own), sizes) for one, own in pairs]


def _with_phrases(request: Request, phrases: tuple[Phrase, ...], sizes: Sizes) -> Request:
    """Raises DecodingError where a text has no room for them or is drawn, and for ids that are not the model's."""
    if not phrases:
        return request
    number, due = request.number, tokens_of(phrases)
    place = number if isinstance(number, int) else number[0]
    name = f"sentence {place + 1}"
    check_ids("phrase", [needed_ids(phrases).tolist()], [place], sizes.target_vocabulary, sizes.target_vocabulary)
    if request.options.beam_groups > 1:
        raise DecodingError(f"{name}: a beam in groups cannot be told what to hold; leave beam_groups out, or phrases")
    if request.options.sampling is not None:
        raise DecodingError(
            f"{name}: what is drawn at random cannot be told what to hold; search, or leave phrases out"
        )
    room, most = sizes.room(len(request.source)), request.max_length + due
    if len(request.prefix) + due + 1 > room:
        raise DecodingError(
            f"{name}: its phrases have {due} tokens, and with its prefix and an end the model writes {room} at most; "
            "ask for fewer or shorter ones"
        )
    beams = request.options.beam_size + due
    if beams > (widest := WHOLE["beam_size"][1]):
        raise DecodingError(
            f"{name}: its phrases have {due} tokens, more than there is place for in a beam of {widest}; ask for fewer"
        )
    options = replace(request.options, beam_size=beams)
    return replace(request, options=options, max_length=min(most, room), phrases=phrases)


@functools.lru_cache(maxsize=8)
def spelling(shortlist: Shortlist | None, utf8: Utf8Automaton | None) -> Shortlist | None:
    """The shortlist with the single bytes that end a character, without which a search might find no way to go on."""
    if shortlist is None or utf8 is None or shortlist.always_has(utf8.continuing):
        return shortlist
    return replace(shortlist, always=np.union1d(shortlist.always, utf8.continuing))
