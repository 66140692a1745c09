"""Which places of a corpus are masked, and what is read there: a pure function of a seed, an epoch and the place.

Source: Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding", 3.1.
"""

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

# Of SplitMix64: what its state grows by, and what its two rounds multiply by.
_GROWTH: Final = np.uint64(0x9E3779B97F4A7C15)
_FACTORS: Final = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
# For each place: whether it is masked, what becomes of it, and which piece.
_DRAWS: Final = 3
# By so many standard deviations more places than expected has no batch that is ever seen (1 of 10⁹).
_DEVIATIONS: Final = 6.0


@dataclass(frozen=True)
class Masking:
    """What a model is to predict of the ids that it reads.

    Attributes:
        share: how many of the pieces, from 0 to 1.
        replaced, random: which part of them reads as `mask`, and which as a piece that is drawn; the rest is as it is.
        mask: the id of the control symbol.
        pieces: the ids that are text, which alone are masked or drawn.
        key: of one epoch's draws, as `epoch_key` gives it.
    """

    share: float
    replaced: float
    random: float
    mask: int
    pieces: NDArray[np.int64]
    key: np.uint64

    def read(self, ids: NDArray[Any], places: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """What stands at these places of a corpus when it is read, and which of them are to be predicted.

        ids: what stands there in the corpus. However rows are made of it, a place gets the same.
        """
        chance, fate, which = drawn(self.key, places[:, None] * _DRAWS + np.arange(_DRAWS)).T
        chosen = (chance < self.share) & np.isin(ids, self.pieces)
        others = self.pieces[(which * len(self.pieces)).astype(np.int64)]
        read = np.where(fate < self.replaced, self.mask, np.where(fate < self.replaced + self.random, others, ids))
        return np.where(chosen, read, ids).astype(np.int64), chosen

    def most(self, places: int) -> int:
        """How many of so many places are masked at most."""
        expected = places * self.share
        return min(places, math.ceil(expected + _DEVIATIONS * math.sqrt(expected * (1 - self.share))))


def epoch_key(seed: int, epoch: int) -> np.uint64:
    """Of the draws of an epoch of training."""
    return np.random.SeedSequence([seed, epoch, 2]).generate_state(1, np.uint64)[0]


# Of a validation: whoever trains, whatever the seed, the same places are masked.
JUDGING: Final = np.random.SeedSequence([0, 0, 3]).generate_state(1, np.uint64)[0]


def drawn(key: np.uint64, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """The random numbers, from 0 to below 1, that SplitMix64 gives at these places of its sequence from `key` on.

    It is one that can be asked for any place at once. Source: Steele, Lea and Flood 2014, "Fast Splittable Pseudorandom
    Number Generators", figure 17.
    """
    found: NDArray[np.float64] = (splitmix64(key, numbers) >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return found


def splitmix64(key: np.uint64, numbers: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The numbers of 64 bits that SplitMix64 gives at these places, from 0, of its sequence from `key` on."""
    with np.errstate(over="ignore"):
        state = key + (numbers.astype(np.uint64) + np.uint64(1)) * _GROWTH
        state = (state ^ (state >> np.uint64(30))) * _FACTORS[0]
        state = (state ^ (state >> np.uint64(27))) * _FACTORS[1]
    found: NDArray[np.uint64] = state ^ (state >> np.uint64(31))
    return found
