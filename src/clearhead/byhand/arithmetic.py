"""One matrix out of others, each cell a blank with the sum that makes it."""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Literal

from clearhead.byhand.numbers import inside, written
from clearhead.byhand.sheet import Cell, Matrix, Rows, about, exactly, number, saying

Weights = Literal["left", "right", "both"]
EXPONENTIAL_PLACES = 3
WEIGHT_PLACES = 2


def given(key: str, name: str, rows: Rows, labels: Sequence[str] = (), columns: Sequence[str] = ()) -> Matrix:
    """A matrix whose numbers stand on the sheet."""
    return Matrix(key, name, tuple(tuple(number(one) for one in row) for row in rows), tuple(labels), tuple(columns))


def transposed(matrix: Matrix, key: str, name: str) -> Matrix:
    """The matrix turned: what the sheet may use without asking for it."""
    return Matrix(key, name, tuple(zip(*matrix.cells, strict=True)), matrix.columns, matrix.rows)


def product(
    key: str,
    name: str,
    left: Matrix,
    right: Matrix,
    plus: Matrix | None = None,
    weights: Weights = "right",
) -> Matrix:
    """left·right + plus: a bias for each row (one column), for each column (one row), or a number for each cell.

    weights: which factor says how much is taken; where it is 0 the sum's text says nothing of the other.
    """

    def cell(i: int, j: int) -> Cell:
        pairs = [(one, row[j]) for one, row in zip(left.cells[i], right.cells, strict=True)]
        bias = [] if plus is None else [plus.cells[min(i, plus.shape[0] - 1)][min(j, plus.shape[1] - 1)]]
        return dot(pairs, bias, weights)

    rows, columns = left.shape[0], right.shape[1]
    cells = tuple(tuple(cell(i, j) for j in range(columns)) for i in range(rows))
    return Matrix(key, name, cells, left.rows, right.columns)


def dot(pairs: Sequence[tuple[Cell, Cell]], others: Sequence[Cell] = (), weights: Weights = "both") -> Cell:
    """The sum of some products and of some other terms; a term that is not there says nothing in its text."""
    named = [(a, b) for a, b in pairs if (a.value or weights == "right") and (b.value or weights == "left")]
    terms = [f"{shown(a)}·{shown(b)}" for a, b in named] + [shown(one) for one in others if one.value]
    terms = terms or [f"{shown(a)}·{shown(b)}" for a, b in pairs]
    value = sum((whole(a) * whole(b) for a, b in pairs), sum((whole(one) for one in others), Fraction(0)))
    precise = sum((a.precise * b.precise for a, b in pairs), sum((one.precise for one in others), Fraction(0)))
    return exactly(value, precise, " + ".join(terms))


def added(key: str, name: str, left: Matrix, right: Matrix) -> Matrix:
    """left + right, cell by cell."""

    def cell(one: Cell, other: Cell) -> Cell:
        return exactly(
            whole(one) + whole(other), one.precise + other.precise, f"{shown(one, first=True)} + {shown(other)}"
        )

    cells = tuple(
        tuple(cell(*pair) for pair in zip(*rows, strict=True)) for rows in zip(left.cells, right.cells, strict=True)
    )
    return Matrix(key, name, cells, left.rows, left.columns)


def rounded_off(matrix: Matrix, places: int) -> Matrix:
    """The same blanks, rounded: with a model's numbers the decimals would become ever more."""

    def cell(one: Cell) -> Cell:
        return about(whole(one), places, one.precise, one.sum)

    return _each(matrix.key, matrix.name, matrix, cell)


def cut(key: str, name: str, matrix: Matrix) -> Matrix:
    """ReLU: what is negative becomes 0."""

    def cell(one: Cell) -> Cell:
        return exactly(max(whole(one), Fraction(0)), max(one.precise, Fraction(0)), f"max(0, {one.text})")

    return _each(key, name, matrix, cell)


def divided(key: str, name: str, matrix: Matrix, divisor: Fraction | float, by: str, places: int | None) -> Matrix:
    """Every cell divided by one number, which the sheet writes as `by`; `places` where it must be rounded."""

    def cell(one: Cell) -> Cell:
        working = f"{shown(one, first=True)} ÷ {by}"
        if places is not None:
            return about(float(whole(one)) / float(divisor), places, float(one.precise) / float(divisor), working)
        return exactly(whole(one) / Fraction(divisor), one.precise / divisor, working)

    return _each(key, name, matrix, cell)


def masked(key: str, name: str, matrix: Matrix, why: str) -> Matrix:
    """The causal mask: what stands right of the diagonal, a later position, becomes −∞. why: said of those."""
    hidden = saying("−∞", True, why, -math.inf)
    cells = tuple(tuple(hidden if j > i else one for j, one in enumerate(row)) for i, row in enumerate(matrix.cells))
    return Matrix(key, name, cells, matrix.rows, matrix.columns)


def shifted(key: str, name: str, matrix: Matrix) -> Matrix:
    """Each row less its greatest number, which changes no softmax and keeps the exponentials small."""

    def row(cells: Sequence[Cell]) -> tuple[Cell, ...]:
        top = max((one for one in cells if one.value is not None), key=whole)
        precise_top = max(one.precise for one in cells)
        return tuple(
            saying("−∞", True, "−∞ − max", -math.inf)
            if one.value is None
            else exactly(whole(one) - whole(top), one.precise - precise_top, f"{shown(one, first=True)} − {shown(top)}")
            for one in cells
        )

    return Matrix(key, name, tuple(map(row, matrix.cells)), matrix.rows, matrix.columns)


def exponentials(key: str, name: str, matrix: Matrix) -> Matrix:
    """e to the power of every cell, to three decimals; e^(−∞) is 0 and e^0 is 1."""

    def cell(one: Cell) -> Cell:
        if one.value is None or one.value == 0:
            power = Fraction(one.value is not None)
            return exactly(power, math.exp(one.precise), f"e^({one.text})" if one.value is None else "e^0")
        return about(math.exp(one.value), EXPONENTIAL_PLACES, math.exp(one.precise), f"e^({one.text})")

    return _each(key, name, matrix, cell)


def row_sums(key: str, name: str, matrix: Matrix) -> Matrix:
    """The sum of every row, in a column."""

    def cell(cells: Sequence[Cell]) -> Cell:
        total = sum((whole(one) for one in cells), Fraction(0))
        terms = " + ".join(one.text for one in cells if one.value)
        return exactly(total, sum((one.precise for one in cells), Fraction(0)), terms)

    return Matrix(key, name, tuple((cell(row),) for row in matrix.cells), matrix.rows)


def shares(
    key: str, name: str, matrix: Matrix, sums: Matrix, places: int = WEIGHT_PLACES, scores: Matrix | None = None
) -> Matrix:
    """Every cell's share of its row's sum. scores: where the answer is to say its exact form, in powers of e."""

    def cell(i: int, j: int) -> Cell:
        one, total = matrix.cells[i][j], sums.cells[i][0]
        working = f"{shown(one)} ÷ {shown(total)}"
        if scores is not None:
            powers = [f"e^({each.text})" for each in scores.cells[i]]
            working += f" ≈ {powers[j]} ÷ ({' + '.join(powers)})"
        return about(whole(one) / whole(total), places, one.precise / total.precise, working)

    rows, columns = matrix.shape
    cells = tuple(tuple(cell(i, j) for j in range(columns)) for i in range(rows))
    return Matrix(key, name, cells, matrix.rows, matrix.columns)


def beside(key: str, name: str, matrices: Sequence[Matrix], columns: Sequence[str]) -> Matrix:
    """Several matrices side by side as one."""
    cells = tuple(
        tuple(one for part in parts for one in part)
        for parts in zip(*(matrix.cells for matrix in matrices), strict=True)
    )
    return Matrix(key, name, cells, matrices[0].rows, tuple(columns))


def whole(cell: Cell) -> Fraction:
    """A cell's number. TypeError where it holds a word instead."""
    if cell.value is None:
        raise TypeError(f"{cell.word} is no number")
    return cell.value


def shown(cell: Cell, first: bool = False) -> str:
    """A cell's number within a sum; the first term needs no brackets for its sign."""
    return written(whole(cell), cell.places) if first else inside(whole(cell), cell.places)


def _each(key: str, name: str, matrix: Matrix, make: Callable[[Cell], Cell]) -> Matrix:
    cells = tuple(tuple(make(one) for one in row) for row in matrix.cells)
    return Matrix(key, name, cells, matrix.rows, matrix.columns)
