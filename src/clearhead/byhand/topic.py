"""What a topic is: its sizes, the matrices that it starts from, and how the rest follows from them."""

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from fractions import Fraction

from clearhead.byhand.arithmetic import given
from clearhead.byhand.drawing import Draw, Shape
from clearhead.byhand.sheet import Matrix, Rows, Section
from clearhead.byhand.texts import Texts

Sizes = Mapping[str, int]
Shapes = Mapping[str, Shape]
# Positions are easier to talk about when they are words.
TOKENS = ("the", "cat", "sat", "on", "a", "red", "mat", "today")


@dataclasses.dataclass(frozen=True)
class Start:
    """What a sheet is made from: matrices by name, sizes, words, and labels of positions where they have their own.

    places: to how many decimals sums are rounded, where they are of a model's numbers.
    """

    rows: Mapping[str, Rows]
    sizes: Sizes
    say: Texts
    labels: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    places: int | None = None

    def matrix(self, key: str, name: str, labels: Sequence[str] = (), columns: Sequence[str] = ()) -> Matrix:
        return given(key, name, self.rows[key], labels, columns)

    def tokens(self, which: str, count: int, otherwise: Sequence[str] = TOKENS) -> tuple[str, ...]:
        return self.labels.get(which, tuple(otherwise[:count]))


def any_fits(sections: Sequence[Section]) -> bool:
    """Whatever was drawn makes a good sheet."""
    return True


@dataclasses.dataclass(frozen=True)
class Topic:
    """One kind of sheet.

    sizes: for each name the sizes that it may have, the usual one first. shapes: the matrices that a sheet starts from,
    given the sizes and the names of matrices that the learner brings. build: the steps. classic: what seed 0 starts
    from, at the usual sizes, in place of drawn numbers. draw: how to draw what is not just any small number. fits:
    whether what was drawn makes a good sheet (numbers that stay small, roundings that agree); if not, it is drawn anew.
    check: raises UsageError for matrices of the right shape that make no sense.
    """

    name: str
    sizes: Mapping[str, tuple[int, ...]]
    shapes: Callable[[Sizes, Collection[str]], Shapes]
    build: Callable[[Start], tuple[Section, ...]]
    classic: Mapping[str, Sequence[Sequence[int]]] | None = None
    draw: Callable[[Draw, Sizes, Shapes], dict[str, Rows]] | None = None
    fits: Callable[[Sequence[Section]], bool] = any_fits
    check: Callable[[Mapping[str, Rows]], None] | None = None

    @property
    def usual(self) -> dict[str, int]:
        return {name: allowed[0] for name, allowed in self.sizes.items()}


def fractions(rows: Sequence[Sequence[int]]) -> Rows:
    return [[Fraction(one) for one in row] for row in rows]
