"""Beam search: keep the best few hypotheses of every sentence alive, and lose none that could still win."""

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from clearhead.decoding.options import SearchOptions
from clearhead.decoding.search import (
    Choice,
    Hypothesis,
    Prefixes,
    StepFunction,
    best_first,
    checked_prefixes,
    greedy,
    make_hypothesis,
    most_probable,
    require_number,
    require_possible,
)
from clearhead.decoding.utf8 import FURTHEST, Standing, furthest
from clearhead.native import library as native


def beam_search(
    step: StepFunction,
    max_lengths: Sequence[int],
    options: SearchOptions,
    *,
    prefixes: Prefixes | None = None,
    device: torch.device | str = "cpu",
    watch: "Watch | None" = None,
) -> list[list[Hypothesis]]:
    """The `options.top_beams` best hypotheses that a beam of `options.beam_size` finds for each sentence, best first.

    Every step looks at the 2·beam_size most probable continuations of a sentence's live hypotheses. Those that end are
    finished; at most one continuation of each live hypothesis ends, so at least beam_size others are left, and the best
    of them live on. A beam of 1 is greedy search.

    Stopping rule: a sentence stops when it has top_beams finished hypotheses and `LengthPenalty.best_possible` of its
    best live one is no better than the last of them, or at its greatest length. So going on could not have helped.
    What reaches the greatest length without an end token is unfinished: it is returned, after the finished ones, only
    where there are fewer of these than top_beams. Fewer than top_beams come back if there are no more to be found.

    max_lengths, prefixes: as in `greedy`. watch: is told of every step, while it searches with a beam of 2 or more.
    Raises DecodingError as `greedy` does.
    """
    if options.beam_size == 1:
        return greedy(step, max_lengths, options, prefixes=prefixes, device=device)
    prefixes = checked_prefixes(max_lengths, options, prefixes)
    sentences = [Sentence(options, limit, prefix) for limit, prefix in zip(max_lengths, prefixes, strict=True)]
    active, history = sentences, History()
    longest_prefix = max(map(len, prefixes), default=0)
    # One row a sentence until the first step has told hypotheses apart: equal rows would fill a beam with copies.
    tokens = torch.full((len(active), 1), options.begin, dtype=torch.long, device=device)
    totals = torch.zeros((len(active), 1), dtype=torch.float64, device=device)
    table = None if options.utf8 is None else options.utf8.table.to(device)
    states, shortest = torch.zeros_like(tokens), min(max_lengths, default=0)
    while active:
        position = len(history)
        forced = [sentence.prefix for sentence in active] if position < longest_prefix else ()
        standing = None
        if table is not None:
            standing = Standing(table, states, None)
            if position + len(FURTHEST) > shortest:
                limits = [sentence.max_length for sentence in active]
                standing = Standing(table, states, furthest(limits, position, device))
        choices = most_probable(step(tokens), options, forced, position, 2 * options.beam_size, standing)
        candidates, live, states = continuations(totals, choices, options, standing)
        if watch is not None:
            watch(BeamStep(choices, candidates, live))
        kept = note_endings(active, candidates, live, history, options.end)
        if kept:
            places = torch.tensor(kept, device=device)
            live, states = live.of_sentences(places), states if len(kept) == len(active) else states[places]
            step.select(places, live.parents)
            history.add(live, kept)
            tokens, totals = live.tokens, live.totals
        if len(kept) < len(active):
            active = [active[place] for place in kept]
    return [sentence.hypotheses(history) for sentence in sentences]


class Continuations(NamedTuple):
    """Live hypotheses with one more token, of each sentence the most probable first.

    parents: the row, among its sentence's, of the hypothesis that is continued. totals: log-probabilities with the
    token's; -inf where there was nothing left to choose.
    """

    parents: Int[Tensor, "sentences continuations"]
    tokens: Int[Tensor, "sentences continuations"]
    totals: Float[Tensor, "sentences continuations"]

    def of_sentences(self, places: Int[Tensor, "kept"]) -> "Continuations":
        """Those of the sentences at these places, which are in order."""
        if len(places) == len(self.tokens):
            return self
        return Continuations(self.parents[places], self.tokens[places], self.totals[places])


class BeamStep(NamedTuple):
    """One step of a search, as one who watches sees it; its first dimension is the sentences that are still searched.

    choices: the likeliest tokens after each live hypothesis. candidates: the continuations that competed. live: those
    of them that do not end and go on, where their sentence does.
    """

    choices: Choice
    candidates: Continuations
    live: Continuations


Watch = Callable[[BeamStep], None]


def continuations(
    totals: Float[Tensor, "sentences beams"], choices: Choice, options: SearchOptions, standing: Standing | None
) -> tuple[Continuations, Continuations, Int[Tensor, "sentences live"]]:
    """The 2·beam_size most probable continuations of each sentence, and the beam_size of them that do not end.

    At last the states of the latter, where hypotheses are kept to whole UTF-8; otherwise what is never looked at.
    """
    library = native.library() if native.takes(choices.log_probabilities) else None
    if library is not None:
        found, alive, states = library.continuations(
            totals, *choices, 2 * options.beam_size, options.beam_size, options.end, standing
        )
        return Continuations(*found), Continuations(*alive), states
    candidates = best_candidates(totals, choices, 2 * options.beam_size)
    live = best_unfinished(candidates, options)
    return candidates, live, live.parents if standing is None else standing.after(live.parents, live.tokens)


def best_candidates(totals: Float[Tensor, "sentences beams"], choices: Choice, count: int) -> Continuations:
    """The `count` most probable continuations of each sentence's live hypotheses (all, where there are fewer).

    The best of all are among the `count` best of each row, which `choices` holds.
    """
    values, tokens = choices
    each = tokens.shape[-1]
    sums = (totals[..., None] + values).flatten(1)
    best, places = sums.topk(min(count, sums.shape[1]))
    parents = torch.div(places, each, rounding_mode="floor")
    return Continuations(parents, tokens.flatten(1).gather(1, places), best)


def best_unfinished(candidates: Continuations, options: SearchOptions) -> Continuations:
    """The beam_size most probable candidates that do not end."""
    going_on = candidates.totals.masked_fill(candidates.tokens == options.end, -math.inf)
    totals, places = going_on.topk(min(options.beam_size, going_on.shape[1]))
    return Continuations(candidates.parents.gather(1, places), candidates.tokens.gather(1, places), totals)


class Ending(NamedTuple):
    """The last token of a hypothesis that will not grow. row: where its parent stands in the history's last step."""

    row: int
    token: int
    total: float
    length: int


class Sentence:
    """What one sentence has found so far, and whether anything better may follow."""

    def __init__(self, options: SearchOptions, max_length: int, prefix: Sequence[int]) -> None:
        self.options, self.max_length, self.prefix = options, max_length, prefix
        self.finished: list[Ending] = []
        self.unfinished: list[Ending] = []

    def score(self, ending: Ending) -> float:
        return self.options.length_penalty.score(ending.total, ending.length)

    def finish(self, ending: Ending) -> None:
        """Note a finished hypothesis, and forget what is no longer among the top_beams best."""
        self.finished = sorted([*self.finished, ending], key=self.score, reverse=True)[: self.options.top_beams]

    def closed(self, best_total: float, length: int) -> bool:
        """Whether the live hypotheses, of `length` tokens and the best with `best_total`, need not go on."""
        require_number(best_total)
        if length == self.max_length or best_total == -math.inf:
            return True
        if len(self.finished) < self.options.top_beams:
            return False
        hope = self.options.length_penalty.best_possible(best_total, self.max_length)
        return hope <= self.score(self.finished[-1])

    def hypotheses(self, history: "History") -> list[Hypothesis]:
        wanted = [*self.finished, *self.unfinished][: self.options.top_beams]
        require_possible(bool(wanted))
        return best_first([history.hypothesis(ending, self.options) for ending in wanted])


class History:
    """Every live hypothesis of every step, from which an ending can be read back to its beginning.

    A step's rows are those of all its sentences, one after the other; each knows the row that it continues in the step
    before. So sentences may leave the batch and no token is ever copied. `rows`: the last step's rows a sentence.
    """

    def __init__(self) -> None:
        self.steps: list[tuple[Continuations, Sequence[int]]] = []
        self.rows = 1

    def __len__(self) -> int:
        return len(self.steps)

    def add(self, live: Continuations, places: Sequence[int]) -> None:
        """Add a step: continuations of the sentences that had these places among the last step's."""
        self.steps.append((live, places))
        self.rows = live.tokens.shape[1]

    @cached_property
    def lists(self) -> list[tuple[list[int], list[int], list[float]]]:
        """Of each step, a row's parent among the rows of the step before, its token and its total.

        Read once, when the search is over: until then nothing of it is needed.
        """
        lists, rows = [], 1
        for live, places in self.steps:
            first = torch.tensor(places, device=live.parents.device)[:, None] * rows
            parents = (first + live.parents).flatten()
            lists.append((parents.tolist(), live.tokens.flatten().tolist(), live.totals.flatten().tolist()))
            rows = live.tokens.shape[1]
        return lists

    def hypothesis(self, ending: Ending, options: SearchOptions) -> Hypothesis:
        """The whole hypothesis that `ending` ends."""
        row, tokens, totals = ending.row, [ending.token], [ending.total]
        for parents, step_tokens, step_totals in reversed(self.lists[: ending.length - 1]):
            tokens.append(step_tokens[row])
            totals.append(step_totals[row])
            row = parents[row]
        each = [after - before for after, before in zip(totals, [*totals[1:], 0.0], strict=True)]
        return make_hypothesis(tokens[::-1], each[::-1], options)


def note_endings(
    active: Sequence[Sentence], candidates: Continuations, live: Continuations, history: History, end: int
) -> list[int]:
    """Tell each sentence which of its candidates end here; return the places of the sentences that go on."""
    length = len(history) + 1
    for place, tokens in enumerate(candidates.tokens.tolist()):
        if end in tokens:
            rows, totals = candidates.parents[place].tolist(), candidates.totals[place].tolist()
            for row, token, total in zip(rows, tokens, totals, strict=True):
                if token == end and total > -math.inf:
                    active[place].finish(Ending(place * history.rows + row, end, total, length))
    kept = []
    for place, best_total in enumerate(live.totals[:, 0].tolist()):
        if not active[place].closed(best_total, length):
            kept.append(place)
        elif length == active[place].max_length:
            note_unfinished(active[place], place, live, history)
    return kept


def note_unfinished(sentence: Sentence, place: int, live: Continuations, history: History) -> None:
    """Keep what is still alive at a sentence's greatest length, in case too little has finished."""
    columns = zip(live.parents[place].tolist(), live.tokens[place].tolist(), live.totals[place].tolist(), strict=True)
    sentence.unfinished = [
        Ending(place * history.rows + parent, token, total, sentence.max_length)
        for parent, token, total in columns
        if total > -math.inf
    ]
