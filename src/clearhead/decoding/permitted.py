"""Which tokens may be written at a step: not the suppressed ones, what a prefix says, and whole characters only."""

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
        self._suppressed = options.suppressed
        self._table = None if options.utf8 is None else options.utf8.table
        self._shortest = min(max_lengths, default=0)
        self._longest_prefix = max(map(len, prefixes), default=0)
        self._free = Bans(options.suppressed)

    def bans(self, position: int, active: Sequence[Sentence], states: Int[np.ndarray, "sentences beams"]) -> Bans:
        """Those for the tokens at `position` of these sentences, whose rows are in these states of UTF-8."""
        forced = self._forced(position, active) if position < self._longest_prefix else None
        if self._table is None:
            return self._free if forced is None else Bans(self._suppressed, None, forced)
        room = None
        if position + len(FURTHEST) > self._shortest:
            room = furthest([sentence.max_length for sentence in active], position)
        return Bans(self._suppressed, Standing(self._table, states, room), forced)

    def _forced(self, position: int, active: Sequence[Sentence]) -> Int[np.ndarray, "sentences"]:
        prefixes = [sentence.prefix for sentence in active]
        tokens = [prefix[position] if position < len(prefix) else -1 for prefix in prefixes]
        return np.array(tokens, np.int64)
