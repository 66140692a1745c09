"""Random whole numbers: the same of a seed on every machine and in every version of Python."""

import random
from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from clearhead.byhand.sheet import Rows


class Shape(NamedTuple):
    """What a topic's matrix is like: the names of its two sizes (or numbers), and the range its entries come from."""

    rows: str | int
    columns: str | int
    low: int = 0
    high: int = 3

    def at(self, sizes: Mapping[str, int]) -> tuple[int, int]:
        rows, columns = (one if isinstance(one, int) else sizes[one] for one in (self.rows, self.columns))
        return rows, columns


class Draw:
    """Draws whole numbers and matrices of them.

    Of Python's generator only `random()` is used: it alone is promised to give the same sequence in every version
    (the documentation of `random`, "Notes on Reproducibility").
    """

    def __init__(self, seed: str) -> None:
        self._generator = random.Random(seed)

    def whole(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self._generator.random() * (high - low + 1))

    def rows(self, rows: int, columns: int, low: int, high: int) -> Rows:
        follow, count = self._generator.random, high - low + 1  # Thousands are drawn and refused: no call too many.
        return [[Fraction(low + int(follow() * count)) for _ in range(columns)] for _ in range(rows)]

    def shares(self, count: int, whole: int, most: int) -> list[int]:
        """`count` whole numbers from 0 to `most` that add up to `whole`: drawn until they do."""
        follow = self._generator.random
        while True:
            drawn = [int(follow() * (most + 1)) for _ in range(count)]
            if sum(drawn) == whole:
                return drawn

    def some(self, among: int, count: int) -> tuple[int, ...]:
        """`count` different numbers below `among`, in the order in which they were drawn."""
        left = list(range(among))
        return tuple(left.pop(self.whole(0, len(left) - 1)) for _ in range(count))

    def matrices(self, shapes: Mapping[str, Shape], sizes: Mapping[str, int]) -> dict[str, Rows]:
        return {name: self.rows(*shape.at(sizes), shape.low, shape.high) for name, shape in shapes.items()}
