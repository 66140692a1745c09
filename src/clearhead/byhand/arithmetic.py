"""One matrix out of others, each cell a blank with the sum that makes it: the operations of a trace, on a sheet."""

import math
from collections.abc import Sequence
from fractions import Fraction

from clearhead.byhand.described import Rounding, Work
from clearhead.byhand.numbers import rounded, written
from clearhead.byhand.sheet import Matrix, Rows, number
from clearhead.byhand.terms import Term, term
from clearhead.tracing.operations import ACTIVATIONS, DESCRIPTIONS

# Roots that are not whole.
ROOT_PLACES = 2


def given(key: str, name: str, rows: Rows, labels: Sequence[str] = (), columns: Sequence[str] = ()) -> Matrix:
    """A matrix whose numbers stand on the sheet."""
    return Matrix(key, name, tuple(tuple(number(one) for one in row) for row in rows), tuple(labels), tuple(columns))


def project(
    key: str, name: str, inputs: Matrix, weight: Matrix, bias: Matrix | None = None, *,
    is_turned: bool = False, places: int | None = None,
) -> Matrix:  # fmt: skip
    """inputs · W + b; turned: W · inputs + b. bias: a number for each column, or for each cell.

    places: where a model's numbers would become ever longer.
    """
    parameters = (weight,) if bias is None else (weight, bias)
    work = Work(DESCRIPTIONS["project"], (inputs,), parameters, silent=frozenset("w"), is_turned=is_turned)
    return work.write(key, name, rounding=_to(places))


def score(key: str, name: str, query: Matrix, keys: Matrix) -> Matrix:
    """query · keyᵀ."""
    return Work(DESCRIPTIONS["scores"], (query, keys), silent=frozenset({"xs", "ys"})).write(key, name)


def weigh(key: str, name: str, weights: Matrix, values: Matrix, is_turned: bool = False) -> Matrix:
    """weights · values; turned: values · weights."""
    work = Work(DESCRIPTIONS["weigh"], (weights, values), silent=frozenset({"xs"}), is_turned=is_turned)
    return work.write(key, name)


def add(key: str, name: str, left: Matrix, right: Matrix) -> Matrix:
    """left + right, cell by cell."""
    return Work(DESCRIPTIONS["add"], (left, right)).write(key, name)


def cut(key: str, name: str, matrix: Matrix) -> Matrix:
    """ReLU: what is negative becomes 0."""
    return Work(ACTIVATIONS["relu"], (matrix,)).write(key, name)


def divide(key: str, name: str, matrix: Matrix, root: Term) -> Matrix:
    """Every score divided by √d_k; rounded where that is."""
    places = None if root.value == root.precise else ROOT_PLACES
    return Work(DESCRIPTIONS["divide"], (matrix,), known={"by": root}).write(key, name, rounding=_to(places))


def root_of(head_width: int) -> Term:
    """√d_k as a sheet has it."""
    root = math.isqrt(head_width)
    if root**2 == head_width:
        return term(Fraction(root))
    shown, precise = rounded(math.sqrt(head_width), ROOT_PLACES), math.sqrt(head_width)
    return Term(shown, precise, written(shown, ROOT_PLACES))


def beside(key: str, name: str, matrices: Sequence[Matrix], columns: Sequence[str]) -> Matrix:
    """Several matrices side by side as one."""
    cells = tuple(
        tuple(one for part in parts for one in part)
        for parts in zip(*(matrix.cells for matrix in matrices), strict=True)
    )
    return Matrix(key, name, cells, matrices[0].rows, tuple(columns))


def _to(places: int | None) -> Rounding | None:
    return None if places is None else Rounding(places)
