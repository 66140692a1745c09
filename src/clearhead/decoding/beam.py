"""What becomes of the choices at each step of a search: which continuations go on, which end, and when to stop."""

import functools
import math
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from clearhead.decoding.hypothesis import Hypothesis, best_first, make_hypothesis, require_number, require_possible
from clearhead.decoding.options import SearchOptions
from clearhead.native import library as native
from clearhead.runtimes.runtime import Choice
from clearhead.text.stop_strings import Stopping
from clearhead.text.utf8 import Standing


class Continuations(NamedTuple):
    """Hypotheses with one more token, of each sentence the most probable first.

    parents: the row, counted over all sentences, of the hypothesis that is continued. totals: log-probabilities with
    the token's; -inf where there was nothing left to choose.
    """

    parents: Int[np.ndarray, "sentences continuations"]
    tokens: Int[np.ndarray, "sentences continuations"]
    totals: Float[np.ndarray, "sentences continuations"]

    def of_sentences(self, places: Sequence[int]) -> "Continuations":
        """Those of the sentences at these places, which are in order."""
        if len(places) == len(self.tokens):
            return self
        return Continuations(self.parents[places], self.tokens[places], self.totals[places])


# Which continuations end; None where none of them does.
Ends = Bool[np.ndarray, "sentences continuations"] | None


class Step(NamedTuple):
    """One step of a search, as one who watches sees it; the first dimension is the sentences that are still searched.

    sentences: their numbers in the batch. choices: the likeliest tokens after each live hypothesis. candidates: the
    continuations that competed. live: those of them that do not end and go on, where their sentence does.
    """

    sentences: Sequence[int]
    choices: Choice
    candidates: Continuations
    live: Continuations

    def of_sentence(self, place: int) -> "Step":
        """The part of the sentence at this place, its rows counted from 0."""
        one = slice(place, place + 1)
        choices = Choice(*(values[one] for values in self.choices))
        first = place * choices.tokens.shape[1]
        candidates, live = (
            Continuations(part.parents[one] - first, part.tokens[one], part.totals[one])
            for part in (self.candidates, self.live)
        )
        return Step(self.sentences[place : place + 1], choices, candidates, live)


def continuations(
    totals: Float[np.ndarray, "sentences beams"],
    choices: Choice,
    count: int,
    beams: int,
    end: int,
    standing: Standing | None,
    stopping: Stopping | None = None,
) -> tuple[Continuations, Continuations, Ends, Int[np.ndarray, "sentences live"]]:
    """The `count` most probable continuations of each sentence, and the first `beams` of them that do not end.

    Then which of the former end, and at last the states of the latter, where hypotheses are kept to whole UTF-8;
    otherwise what is never looked at.
    """
    values, tokens = choices
    if beams == 1 and values.shape[1:] == (1, 1):
        return only_continuation(totals, choices, end, standing, stopping)
    # C knows the end token alone.
    library = native.library() if values.dtype == np.float32 and stopping is None else None
    if library is not None:
        values, tokens = np.ascontiguousarray(values), np.ascontiguousarray(tokens)
        found, alive, states = library.continuations(totals, values, tokens, count, beams, end, standing)
        candidates = Continuations(*found)
        return candidates, Continuations(*alive), candidates.tokens == end, states
    candidates = best_candidates(totals, choices, count)
    ends = ending(candidates, end, stopping)
    live = best_unfinished(candidates, beams, ends)
    return candidates, live, ends, live.parents if standing is None else standing.after(live.parents, live.tokens)


def ending(
    candidates: Continuations, end: int, stopping: Stopping | None
) -> Bool[np.ndarray, "sentences continuations"]:
    """Which of them end: by the end token, or as their text holds a stop string."""
    ends = candidates.tokens == end
    if stopping is not None:
        ends |= stopping.strings.found(stopping.after(candidates.parents, candidates.tokens))
    return ends


def only_continuation(
    totals: Float[np.ndarray, "sentences 1"],
    choices: Choice,
    end: int,
    standing: Standing | None,
    stopping: Stopping | None = None,
) -> tuple[Continuations, Continuations, Ends, Int[np.ndarray, "sentences 1"]]:
    """The same where each sentence has one hypothesis, and one choice after it: greedy search, and each draw."""
    tokens, sums = choices.tokens[..., 0], totals + choices.log_probabilities[..., 0]
    parents = _own_rows(len(tokens))
    candidates = live = Continuations(parents, tokens, sums)
    ends = None
    if stopping is not None or end in tokens.ravel().tolist():
        ends = ending(candidates, end, stopping)
        totals_of_live = np.where(ends, np.where(np.isnan(sums), sums, -math.inf), sums)
        live = Continuations(parents, tokens, totals_of_live)
    return candidates, live, ends, parents if standing is None else standing.after(parents, tokens)


@functools.lru_cache(maxsize=64)
def _own_rows(count: int) -> Int[np.ndarray, "sentences 1"]:
    """Each sentence's one row. Made once, as small models take such steps by the ten thousand; nobody writes to it."""
    return np.arange(count)[:, None]


def best_candidates(totals: Float[np.ndarray, "sentences beams"], choices: Choice, count: int) -> Continuations:
    """The `count` most probable continuations of each sentence's live hypotheses (all, where there are fewer).

    The best of all are among the `count` best of each row, which `choices` holds.
    """
    values, tokens = choices
    sentences, rows, each = tokens.shape
    sums = (totals[..., None] + values).reshape(sentences, -1)
    places = greatest(sums, count)
    parents = places // each + rows * np.arange(sentences)[:, None]
    return Continuations(
        parents, np.take_along_axis(tokens.reshape(sentences, -1), places, 1), np.take_along_axis(sums, places, 1)
    )


def best_unfinished(
    candidates: Continuations, beams: int, ends: Bool[np.ndarray, "sentences continuations"]
) -> Continuations:
    """The `beams` most probable candidates that do not end."""
    going_on = np.where(ends, -math.inf, candidates.totals)
    places = greatest(going_on, beams)
    parents, tokens = (np.take_along_axis(one, places, 1) for one in (candidates.parents, candidates.tokens))
    return Continuations(parents, tokens, np.take_along_axis(going_on, places, 1))


def greatest(values: Float[np.ndarray, "sentences values"], count: int) -> Int[np.ndarray, "sentences greatest"]:
    """Where the greatest stand, what is no number before them, and of equal ones the first first."""
    order: Int[np.ndarray, "sentences greatest"] = np.argsort(
        np.where(np.isnan(values), -math.inf, -values), axis=1, kind="stable"
    )[:, :count]
    return order


class Ending(NamedTuple):
    """The last token of a hypothesis that will not grow. row: that of its parent, in the history's last step."""

    row: int
    token: int
    total: float
    length: int


class Sentence:
    """What one sentence has found so far, and whether anything better may follow.

    number: its own in the batch. top: how many hypotheses are to be found.
    """

    def __init__(self, number: int, options: SearchOptions, top: int, max_length: int, prefix: Sequence[int]) -> None:
        self.number, self.options, self.top = number, options, top
        self.max_length, self.prefix = max_length, prefix
        # How many it looks for before it may stop, and among how many candidates an end counts.
        theirs, beams = options.search.is_theirs and options.sampling is None, options.beam_size
        self.wanted, self.counted = (beams, beams) if theirs else (top, 2 * beams)
        self.finished: list[Ending] = []
        self.unfinished: list[Ending] = []

    def score(self, ending: Ending) -> float:
        return self.options.length_penalty.score(ending.total, ending.length)

    def finish(self, ending: Ending) -> None:
        """Note a finished hypothesis, and forget what is no longer among the best that are wanted."""
        self.finished = sorted([*self.finished, ending], key=self.score, reverse=True)[: self.wanted]

    def closed(self, best_total: float, length: int) -> bool:
        """Whether the live hypotheses, of `length` tokens and the best with `best_total`, need not go on."""
        require_number(best_total)
        if length == self.max_length or best_total == -math.inf:
            return True
        if len(self.finished) < self.wanted:
            return False
        options, worst = self.options, self.score(self.finished[-1])
        return options.search.is_enough(worst, best_total, length, self.max_length, options.length_penalty)

    def hypotheses(self, history: "History") -> list[Hypothesis]:
        best = [(one, True) for one in self.finished] + [(one, False) for one in self.unfinished]
        require_possible(bool(best))
        if self.options.search.is_theirs:
            best.sort(key=lambda pair: self.score(pair[0]), reverse=True)
        found = [history.hypothesis(ending, self.options, finished) for ending, finished in best[: self.top]]
        return found if self.options.search.is_theirs else best_first(found)


class History:
    """Every live hypothesis of every step, from which an ending can be read back to its beginning.

    Each row knows the row that it continues in the step before. So sentences may leave the batch, and no token is ever
    copied.
    """

    def __init__(self) -> None:
        self.steps: list[Continuations] = []

    def __len__(self) -> int:
        return len(self.steps)

    @cached_property
    def lists(self) -> list[tuple[list[int], list[int], list[float]]]:
        """Of each step, a row's parent, its token and its total.

        Read once, when the search is over: until then nothing of it is needed.
        """
        return [
            (live.parents.ravel().tolist(), live.tokens.ravel().tolist(), live.totals.ravel().tolist())
            for live in self.steps
        ]

    def hypothesis(self, ending: Ending, options: SearchOptions, finished: bool) -> Hypothesis:
        """The whole hypothesis that `ending` ends."""
        row, tokens, totals = ending.row, [ending.token], [ending.total]
        for parents, step_tokens, step_totals in reversed(self.lists[: ending.length - 1]):
            tokens.append(step_tokens[row])
            totals.append(step_totals[row])
            row = parents[row]
        each = [after - before for after, before in zip(totals, [*totals[1:], 0.0], strict=True)]
        return make_hypothesis(tokens[::-1], each[::-1], options, finished)


def note_endings(
    active: Sequence[Sentence], candidates: Continuations, live: Continuations, length: int, ends: Ends
) -> list[int]:
    """Tell each sentence which of its candidates, of `length` tokens, end; the places of the sentences that go on."""
    if ends is not None and np.count_nonzero(ends):
        for place, column in np.argwhere(ends & (candidates.totals > -math.inf)).tolist():
            if column >= active[place].counted:
                continue
            row, token = int(candidates.parents[place, column]), int(candidates.tokens[place, column])
            active[place].finish(Ending(row, token, float(candidates.totals[place, column]), length))
    kept = []
    for place, best_total in enumerate(live.totals[:, 0].tolist()):
        if not active[place].closed(best_total, length):
            kept.append(place)
        elif length == active[place].max_length:
            ended = 0 if ends is None else int(np.count_nonzero(ends[place, : active[place].counted]))
            note_unfinished(active[place], place, live, ended)
    return kept


def note_unfinished(sentence: Sentence, place: int, live: Continuations, ended: int = 0) -> None:
    """Keep what is still alive at a sentence's greatest length, in case too little has finished.

    ended: how many of the candidates that count have.
    """
    columns = zip(live.parents[place].tolist(), live.tokens[place].tolist(), live.totals[place].tolist(), strict=True)
    sentence.unfinished = [
        Ending(parent, token, total, sentence.max_length) for parent, token, total in columns if total > -math.inf
    ][: sentence.counted - ended]
