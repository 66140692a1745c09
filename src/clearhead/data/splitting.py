"""Pairs that are kept back to validate with: whole groups of one source, so that no copy of a pair is learned from.

Which group is kept back is told by a hash of its source alone, so that it is the same however the pairs are ordered, in
any run. Memory is constant, but for 8 bytes a pair while the limit is looked for.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from clearhead.data.filters import folded
from clearhead.data.seen import hash_of
from clearhead.data.sides import Side, read_sides, side_identity, side_path
from clearhead.errors import DataError
from clearhead.text import is_blank

# The source and the target of pairs.
Sides = tuple[Side, Side]


@dataclass(frozen=True)
class PartOfPairs:
    """The pairs of two sides that a share leaves to learn from, or those that it keeps back (`is_held`).

    share: how many of the pairs are kept back, at least, where groups are small.
    corpora: all that is learned from, these two sides among them. A source that is kept back in one of them is a side
    of no pair that is learned from in any: in another direction it would be a target.
    """

    source: Side
    target: Side
    share: float
    is_held: bool
    corpora: tuple[Sides, ...]

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Raises DataError as `read_sides` does, and where there are too few sources for two parts."""
        if self.is_held:
            limit = self._limit(self.source, self.target)
            return (pair for pair in _pairs(self.source, self.target) if _hash(pair[0]) <= limit)
        limit = max(self._limit(*one) for one in self.corpora)
        # Of one direction alone a target may stand in both parts, as "yes" is the answer to many.
        looked_at = 2 if len(self.corpora) > 1 else 1
        return (
            pair for pair in _pairs(self.source, self.target) if all(_hash(side) > limit for side in pair[:looked_at])
        )

    @property
    def identity(self) -> tuple[object, ...]:
        """What the part holds, for a key of the cache."""
        all_sides = tuple(side_identity(side) for one in self.corpora for side in one)
        return (*side_identity(self.source), side_identity(self.target), self.share, self.is_held, all_sides)

    def _limit(self, source: Side, target: Side) -> int:
        return _limit(source, target, self.share, _state(source), _state(target))


def _pairs(source: Side, target: Side) -> Iterator[tuple[str, str]]:
    return (pair for pair in read_sides(source, target) if not any(map(is_blank, pair)))


def _hash(text: str) -> int:
    return hash_of(folded(text))


def _state(side: Side) -> tuple[int, int]:
    """What changes where a file does."""
    found = Path(side_path(side)).stat()
    return found.st_size, found.st_mtime_ns


@functools.lru_cache(maxsize=1000)
def _limit(source: Side, target: Side, share: float, *states: tuple[int, int]) -> int:
    """The highest hash of a source that is kept back: the least of which so many pairs have one as high, or lower."""
    sources = (one for one, _ in _pairs(source, target))
    hashes, counts = np.unique(np.fromiter(map(_hash, sources), np.uint64), return_counts=True)
    if len(hashes) < 2:
        raise DataError(
            f"{source}: too short to keep a share of it back to validate with, as it has {len(hashes)} source; give "
            "more pairs, or name others in data.validate"
        )
    place = int(np.searchsorted(counts.cumsum(), share * counts.sum()))
    return int(hashes[min(place, len(hashes) - 2)])
