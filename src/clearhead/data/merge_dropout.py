"""A corpus whose words are cut into other pieces in each epoch: BPE-dropout.

Source: Provilkov, Emelianenko and Voita (2020), "BPE-Dropout: Simple and Effective Subword Regularization". Where they
leave out merges while a word is encoded, here merges of what was encoded are undone, so that files of ids are enough.
"""

from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from clearhead.data.token_file import Sequences, TokenFile

# So many examples are cut at once to learn their lengths: some megabytes, and few enough calls of NumPy.
_CHUNK: Final = 20_000
_NEVER: Final = np.uint64(2**64 - 1)


@final
class MergeDropout:
    """A token file in which each merge, the last of a piece first, is undone with probability `rate`.

    What is cut is a pure function of the arguments and of where an id stands in its file, so that an example is cut in
    the same way whenever it is asked for, and a run can be resumed from nothing but its seed and its epoch.
    """

    def __init__(
        self, file: TokenFile, halves: NDArray[np.integer[Any]], rate: float, longest: int, words: tuple[int, ...]
    ) -> None:
        """Find how long each example is once it is cut; nothing else is kept.

        Args:
            halves: for each id the two ids that it was merged from, -1 where it was not: (vocabulary, 2).
            rate: the probability that a merge is undone, from 0 up to, but not including, 1.
            longest: an example that would become longer stays whole.
            words: what the random numbers depend on, such as a seed and an epoch; each from 0 on.
        """
        self._file, self._halves, self._rate = file, halves, rate
        self._key = np.random.SeedSequence(words).generate_state(1, np.uint64)[0]
        self._whole = np.zeros(len(file), dtype=np.bool_)
        lengths = np.empty_like(file.lengths)
        for start in range(0, len(file), _CHUNK):
            indices = np.arange(start, min(start + _CHUNK, len(file)))
            lengths[indices] = self.gather(indices)[1]
        self._whole = lengths > longest
        self.lengths: NDArray[np.int32] = np.where(self._whole, file.lengths, lengths)

    def __len__(self) -> int:
        return len(self.lengths)

    def gather(self, indices: NDArray[np.integer[Any]]) -> tuple[NDArray[Any], NDArray[np.int32]]:
        """The ids of some examples one after the other, cut, and their lengths."""
        places, lengths = self._file.places(indices)
        draws = _mixed(places.astype(np.uint64) + self._key)
        draws[np.repeat(self._whole[indices], lengths)] = _NEVER
        ids, examples = self._cut(self._file.ids[places], draws, np.repeat(np.arange(len(indices)), lengths))
        return ids, np.bincount(examples, minlength=len(indices)).astype(np.int32)

    def _cut(
        self, ids: NDArray[Any], draws: NDArray[np.uint64], examples: NDArray[np.int64]
    ) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """The ids, cut until no draw says so, and the example of each of them."""
        limit = np.uint64(int(self._rate * 2**64))
        while (cut := (draws < limit) & (self._halves[ids, 0] >= 0)).any():
            # An id that is left whole is not asked again; halves have draws of their own.
            draws[~cut] = _NEVER
            repeats = 1 + cut
            lefts = np.cumsum(repeats)[cut] - 2
            halves, names = self._halves[ids[cut]], draws[cut]
            ids, draws, examples = (np.repeat(one, repeats) for one in (ids, draws, examples))
            for side in (0, 1):
                ids[lefts + side] = halves[:, side]
                draws[lefts + side] = _mixed(names + np.uint64(side + 1))
        return ids, examples


@dataclass(frozen=True)
class CutCorpus:
    """Both sides of a corpus as they are in one epoch."""

    source: Sequences
    target: Sequences


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers that look drawn at random, each a function of one of these.

    Source: the finalizer of SplitMix64, Steele, Lea and Flood 2014, "Fast Splittable Pseudorandom Number Generators".
    """
    mixed = numbers * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
