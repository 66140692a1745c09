"""Phrases that a text must hold, as a part of the search: a beam has a place for each number of their tokens.

A hypothesis that has some of a phrase is less probable than one that has none yet, and would leave a beam at once. So
it competes with those that have as many tokens of phrases: they are a bank. A phrase that was begun is written to its
end.

Source: Hokamp and Liu 2017, "Lexically Constrained Decoding for Sequence Generation Using Grid Beam Search"; banks of
one beam are those of Post and Vilar 2018, "Fast Lexically Constrained Decoding with Dynamic Beam Allocation".
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, final

import numpy as np
from jaxtyping import Float, Int

from clearhead.decoding.beam import Continuations, Ends, Sentence
from clearhead.decoding.written import Written
from clearhead.runtimes.runtime import Bans, Choice, State
from clearhead.text.utf8 import START

# What would make another address, or another word, of what stands before it, where that is one.
_GOES_ON: Final = rb"(?<=[\w~/#@$&*+=%-])[\w/@-]"


@final
@dataclass(frozen=True, eq=False)
class Copied:
    """What is to stand in a text byte for byte, however it is cut into tokens, and as often as there are phrases of it.

    token_bytes: those of each id. is_part: whether it is a part of another; then it may stand there more often.
    """

    written: bytes
    token_bytes: Sequence[bytes | None]
    is_part: bool = False

    def times(self, text: Sequence[int]) -> int:
        """How often it ends within the last token of a text."""
        return self._tail(text, len(self.written) - 1).count(self.written)

    def goes_on(self, text: Sequence[int]) -> bool:
        """Whether the last token of a text makes another word of it, as `http://a.b` becomes that of `http://a.b/c`."""
        if self.is_part:
            return False
        return re.search(re.escape(self.written) + _GOES_ON, self._tail(text, len(self.written))) is not None

    def _tail(self, text: Sequence[int], before: int) -> bytes:
        """The bytes of the last token, and so many of those before it."""
        last = self.token_bytes[text[-1]] or b""
        if not last:
            return b""
        found, place = b"", len(text) - 1
        while len(found) < before and place > 0:
            place -= 1
            found = (self.token_bytes[text[place]] or b"") + found
        return (found[-before:] if before else b"") + last


class Phrase(NamedTuple):
    """How a phrase is written: as the first of a text, whose token it begins with is at position `at`, or after others.

    The two may be the same, as where a space is a token of its own, or no spaces are written.
    copied: where it is to stand so often and no oftener, whatever its tokens; each phrase of it is one time.
    """

    opening: tuple[int, ...]
    inside: tuple[int, ...]
    at: int = 0
    copied: Copied | None = None

    @property
    def longest(self) -> int:
        return max(len(self.opening), len(self.inside))

    def ends(self, text: tuple[int, ...]) -> bool:
        """Whether the text ends with it."""
        return text[-len(self.inside) :] == self.inside or text[self.at :] == self.opening


class _Row(NamedTuple):
    """A hypothesis: its tokens, which phrases they hold (a bit each), and what is left of the one that was begun.

    due: how many tokens of phrases it still needs at most, those of `rest` among them.
    """

    text: tuple[int, ...] = ()
    met: int = 0
    rest: tuple[int, ...] = ()
    due: int = 0


class _Candidate(NamedTuple):
    total: float
    beam: int
    token: int
    row: _Row


@final
class Demanded:
    """What the live hypotheses of each sentence have written of its phrases, one row each in the beginning.

    A sentence without any is searched for as if nobody had asked. It finds what holds all its phrases, or nothing where
    the model gives one of them no probability.
    """

    def __init__(self, end: int, phrases: Sequence[Sequence[Phrase]], rows: Sequence[Sequence[_Row]] = ()) -> None:
        self._end, self._phrases = end, phrases
        self._rows = rows or [[_Row(due=tokens_of(own))] for own in phrases]

    def continuations(
        self,
        state: State,
        totals: Float[np.ndarray, "sentences beams"],
        bans: Bans,
        active: Sequence[Sentence],
        position: int,
        sizes: tuple[int, int],
        written: Written | None = None,
    ) -> "tuple[Choice, Continuations, Continuations, Ends, Demanded]":
        """What the model finds likeliest, the candidates, those that live on, which candidates end, what comes next.

        sizes: how many candidates there are, and how many live on. written: what rules look back at; a phrase is
        written whatever they say, with the model's own log-probability.
        """
        count, beams = sizes
        # One more, as an end may not count yet.
        choices = state.best(count + 1, bans) if written is None else written.best(state, count + 1, bans, False)
        own = state.log_probabilities()
        found, alive = [], []
        for place, sentence in enumerate(active):
            is_forced = bans.forced is not None and bool(bans.forced[place] >= 0)
            starts = [True] * totals.shape[1]
            if bans.standing is not None:
                starts = (bans.standing.states[place] == START).tolist()
            left = sentence.max_length - position
            chosen = Choice(choices.log_probabilities[place], choices.tokens[place])
            each = list(self._each(place, totals[place].tolist(), chosen, own[place], left, is_forced, starts))
            banks = tokens_of(self._phrases[place]) + 1
            found.append(spread(each, count, banks))
            alive.append(spread([one for one in each if one.token != self._end], beams, banks))
        candidates, live = (self._arrays(some, size) for some, size in ((found, count), (alive, beams)))
        rows = [[*(one.row for one in some), *[_Row()] * (beams - len(some))] for some in alive]
        return choices, candidates, live, candidates.tokens == self._end, Demanded(self._end, self._phrases, rows)

    def of_sentences(self, places: Sequence[int]) -> "Demanded":
        """Those of the sentences at these places."""
        return Demanded(self._end, [self._phrases[one] for one in places], [self._rows[one] for one in places])

    def _each(
        self,
        place: int,
        totals: Sequence[float],
        choices: Choice,
        own: Float[np.ndarray, "beams vocabulary"],
        left: int,
        is_forced: bool,
        starts: Sequence[bool],
    ) -> Iterator[_Candidate]:
        """All continuations of a sentence's hypotheses, which have room for `left` tokens more; none comes twice."""
        known: set[_Row] = set()
        phrases = self._phrases[place]
        for beam, (row, total) in enumerate(zip(self._rows[place], totals, strict=True)):
            if total == -math.inf:
                continue
            unmet = [one for number, one in enumerate(phrases) if not row.met >> number & 1]
            # What may follow: a token, its log-probability, what is to follow it, and what is due then.
            tokens: list[tuple[int, float, tuple[int, ...], int]] = []
            if row.rest:
                tokens.append((row.rest[0], float(own[beam, row.rest[0]]), row.rest[1:], row.due - 1))
            elif unmet and starts[beam] and not is_forced:
                for one in unmet:
                    spelled = one.opening if len(row.text) == one.at else one.inside
                    due = row.due - one.longest + len(spelled) - 1
                    tokens.append((spelled[0], float(own[beam, spelled[0]]), spelled[1:], due))
            # Another token, where all that is due and an end have room after it.
            if is_forced or (not row.rest and (not unmet or left > row.due + 1)):
                pairs = zip(choices.tokens[beam].tolist(), choices.log_probabilities[beam].tolist(), strict=True)
                tokens += [(token, value, (), row.due) for token, value in pairs if token != self._end or not unmet]
            for token, value, rest, due in tokens:
                after = self._after(phrases, row, token, rest, due)
                # What a prefix says is written, however often it says it.
                if after is None and is_forced:
                    after = _Row((*row.text, token), row.met, rest, due)
                if after is not None and value != -math.inf and after not in known:
                    known.add(after)
                    yield _Candidate(total + value, beam, token, after)

    @staticmethod
    def _after(phrases: Sequence[Phrase], row: _Row, token: int, rest: tuple[int, ...], due: int) -> _Row | None:
        """The hypothesis with one token more; None where it would hold something more often than it may."""
        text, met = (*row.text, token), row.met
        times = {one.copied: one.copied.times(text) for one in phrases if one.copied is not None}
        for number, phrase in enumerate(phrases):
            is_due = not met >> number & 1
            if phrase.copied is None:
                met |= phrase.ends(text) << number
            elif is_due and times[phrase.copied]:
                met |= 1 << number
                times[phrase.copied] -= 1
        if any((left and not one.is_part) or one.goes_on(text) for one, left in times.items()):
            return None
        if met != row.met:
            # One that the model wrote by itself is due no more.
            missing = [one for number, one in enumerate(phrases) if not met >> number & 1]
            due = min(due, tokens_of(missing) + len(rest))
        return _Row(text, met, rest, due)

    def _arrays(self, found: Sequence[Sequence[_Candidate]], size: int) -> Continuations:
        """As arrays of so many for each sentence, filled up with what has no probability."""
        beams = len(self._rows[0])
        parents = np.repeat(beams * np.arange(len(found))[:, None], size, axis=1)
        tokens, totals = np.full(parents.shape, self._end, np.int64), np.full(parents.shape, -math.inf)
        for place, some in enumerate(found):
            for column, one in enumerate(some):
                parents[place, column] += one.beam
                tokens[place, column], totals[place, column] = one.token, one.total
        return Continuations(parents, tokens, totals)


def spread(candidates: Sequence[_Candidate], count: int, banks: int) -> list[_Candidate]:
    """`count` of them, the most probable first.

    One of each bank that has any, all others of that in which nothing is due; then the most probable of those left.
    """
    best = sorted(candidates, key=lambda one: math.inf if math.isnan(one.total) else one.total, reverse=True)
    shares = dict.fromkeys(range(banks), 1) | {0: count - banks + 1}
    chosen, others = list[int](), list[int]()
    for place, one in enumerate(best):
        (chosen if shares[one.row.due] > 0 else others).append(place)
        shares[one.row.due] -= 1
    return [best[place] for place in sorted([*chosen, *others][:count])]


def tokens_of(phrases: Sequence[Phrase]) -> int:
    """How many tokens they have together, at most."""
    return sum(one.longest for one in phrases)


def needed_ids(phrases: Sequence[Phrase]) -> Int[np.ndarray, "tokens"]:
    """The ids that occur in them."""
    return np.unique([token for one in phrases for token in (*one.opening, *one.inside)]).astype(np.int64)
