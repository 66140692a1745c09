"""Which tokens may be written at a step: not the suppressed ones, what a prefix says, and whole characters only.

What depends on the tokens before is said elsewhere (`Written`).
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from clearhead.decoding.beam import Sentence
from clearhead.decoding.options import SearchOptions
from clearhead.decoding.prefixes import Prefixes
from clearhead.runtimes.runtime import Bans
from clearhead.text.utf8 import FURTHEST, Standing, furthest


class Permitted:
    """The bans of each step of one search."""

    def __init__(self, options: SearchOptions, max_lengths: Sequence[int], prefixes: Prefixes) -> None:
        rules = options.rules
        # The end may be a word's only token, and ends all the same.
        words = tuple(one for one in rules.single_words if one != options.end)
        self._suppressed = tuple(dict.fromkeys((*options.suppressed, *words)))
        self._unended = tuple(dict.fromkeys((*self._suppressed, options.end, *options.ends)))
        self._rules, self._end = rules, options.end
        self._table = None if options.utf8 is None else options.utf8.table
        self._shortest = min(max_lengths, default=0) - rules.forced_end
        self._longest_prefix = max(map(len, prefixes), default=0)
        self._free = Bans(self._suppressed)

    def bans(self, position: int, active: Sequence[Sentence], states: Int[np.ndarray, "sentences beams"]) -> Bans:
        """Those for the tokens at `position` of these sentences, whose rows are in these states of UTF-8."""
        forced, suppressed = self._forced(position, active), self._suppressed
        if position < self._rules.min_tokens:
            suppressed = self._unended
        if self._table is None:
            is_free = forced is None and suppressed is self._suppressed
            return self._free if is_free else Bans(suppressed, None, forced)
        room = None
        if position + len(FURTHEST) > self._shortest:
            # A character has ended before an end that is forced.
            lengths = [sentence.max_length - self._rules.forced_end for sentence in active]
            room = furthest([max(one, position + 1) for one in lengths], position)
        return Bans(suppressed, Standing(self._table, states, room), forced)

    def _forced(self, position: int, active: Sequence[Sentence]) -> Int[np.ndarray, "sentences"] | None:
        """What a prefix says, and the end where it is forced; None where all may have any."""
        ends = self._rules.forced_end and any(position == one.max_length - 1 for one in active)
        if position >= self._longest_prefix and not ends:
            return None
        last = [self._end if ends and position == one.max_length - 1 else -1 for one in active]
        pairs = zip(active, last, strict=True)
        tokens = [one.prefix[position] if position < len(one.prefix) else other for one, other in pairs]
        return np.array(tokens, np.int64)
