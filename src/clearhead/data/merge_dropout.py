"""A corpus whose words stand in other pieces in each epoch, in the manner of BPE-dropout.

Source: Provilkov, Emelianenko and Voita (2020), "BPE-Dropout: Simple and Effective Subword Regularization". They leave
out merges while a word is encoded; here merges of what was encoded are undone, from the last on. So files of ids are
enough, and numbers of one's own are drawn, but only pieces appear that a word's own merges went through.
"""

from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from clearhead.data.token_file import Sequences, TokenFile

# So many ids, about, are looked at together to learn the lengths of examples: some megabytes.
_CHUNK: Final = 1 << 17


@final
class MergeDropout:
    """A token file in which a piece is undone into its halves with probability `rate`, and then each half likewise.

    What is undone is a pure function of the arguments and of where an id stands in its file: an example is the same
    whenever it is asked for, and a run is resumed from its recipe and its position alone.
    """

    def __init__(
        self,
        file: TokenFile,
        merge_parents: NDArray[np.integer[Any]],
        rate: float,
        *,
        longest: int,
        seed: int,
        epoch: int,
        side: int,
    ) -> None:
        """Find how long each example becomes; its ids are made when they are asked for. Some 40 ns an id.

        Args:
            merge_parents: for each id the two ids that it was merged from, -1 where it was not: (vocabulary, 2).
            rate: the probability, from 0 up to, but not including, 1.
            longest: an example that would have more ids stays as it is.
            side: 0 for sources, 1 for targets, which are undone independently.
        """
        self._file, self._merge_parents = file, merge_parents
        self._limit = np.uint64(int(rate * 2**64))
        self._key = np.random.SeedSequence((seed, epoch, side)).generate_state(1, np.uint64)[0]
        lengths = file.lengths + self._undone()
        self._left_alone: NDArray[np.bool_] = lengths > longest
        self.lengths: NDArray[np.int32] = np.where(self._left_alone, file.lengths, lengths).astype(np.int32)

    def __len__(self) -> int:
        return len(self.lengths)

    def gather(self, indices: NDArray[np.integer[Any]]) -> tuple[NDArray[Any], NDArray[np.int32]]:
        """The ids of some examples one after the other, and their lengths."""
        places, lengths = self._file.places(indices)
        ids, draws = self._file.ids[places], self._draws(places)
        open_ids = ~np.repeat(self._left_alone[indices], lengths)
        while (undone := open_ids & self._is_undone(ids, draws)).any():
            repeats = 1 + undone
            lefts = np.cumsum(repeats)[undone] - 2
            halves, drawn = self._merge_parents[ids[undone]], draws[undone]
            # What stays is not asked again.
            ids, draws, open_ids = (np.repeat(one, repeats) for one in (ids, draws, undone))
            for half in (0, 1):
                ids[lefts + half] = halves[:, half]
                draws[lefts + half] = _draw_of_half(drawn, half)
        return ids, self.lengths[indices]

    def _undone(self) -> NDArray[np.int64]:
        """How many merges are undone in each example; nothing is built for it."""
        counts = np.zeros(len(self._file), dtype=np.int64)
        stops = np.cumsum(self._file.lengths, dtype=np.int64)
        start = 0
        while start < len(stops):
            begin = stops[start] - self._file.lengths[start]
            stop = max(start + 1, int(np.searchsorted(stops, begin + _CHUNK, side="right")))
            counts[start:stop] = self._undone_of(np.arange(start, stop))
            start = stop
        return counts

    def _undone_of(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        places, lengths = self._file.places(indices)
        examples = np.repeat(np.arange(len(indices)), lengths)
        ids, draws = self._file.ids[places], self._draws(places)
        counts = np.zeros(len(indices), dtype=np.int64)
        while (undone := self._is_undone(ids, draws)).any():
            examples, halves, drawn = examples[undone], self._merge_parents[ids[undone]], draws[undone]
            counts += np.bincount(examples, minlength=len(indices))
            ids, examples = halves.ravel(), np.repeat(examples, 2)
            draws = np.stack([_draw_of_half(drawn, half) for half in (0, 1)], axis=1).ravel()
        return counts

    def _draws(self, places: NDArray[np.int64]) -> NDArray[np.uint64]:
        return _mixed(places.astype(np.uint64) + self._key)

    def _is_undone(self, ids: NDArray[Any], draws: NDArray[np.uint64]) -> NDArray[np.bool_]:
        return (draws < self._limit) & (self._merge_parents[ids, 0] >= 0)


@dataclass(frozen=True)
class EpochCorpus:
    """Both sides of a corpus as they are in one epoch."""

    source: Sequences
    target: Sequences


def _draw_of_half(drawn: NDArray[np.uint64], half: int) -> NDArray[np.uint64]:
    return _mixed(drawn + np.uint64(half + 1))


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers that look drawn at random, each a function of one of these.

    Source: SplitMix64's, Steele, Lea and Flood (2014), "Fast Splittable Pseudorandom Number Generators".
    """
    mixed = numbers * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
