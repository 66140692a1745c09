"""Formulas on plain numbers, by hand."""

import json
import math
from fractions import Fraction
from typing import Any

import pytest

from clearhead.tracing.formulas import (
    Formula,
    at,
    compute,
    count,
    dot,
    erf,
    exp,
    floor,
    greatest,
    larger,
    mean,
    named,
    sqrt,
    total,
    where,
)  # fmt: skip

x, y, row, other = named("x y row other")
NUMBERS: dict[str, Any] = {"x": Fraction(1, 2), "y": 3, "row": [1, 2, 6], "other": [2, 0, -1]}


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (x + y, Fraction(7, 2)), (1 + x, Fraction(3, 2)), (x - y, Fraction(-5, 2)), (1 - x, Fraction(1, 2)), (-y, -3),
        (2 * x, 1), (x * y, Fraction(3, 2)), (y / 2, 1.5), (3 / y, 1), (y**2, 9), (2**y, 8), (y % 2, 1), (abs(-y), 3),
        (larger(0, -y), 0), (larger(0, y), 3), (where(y, x, 0), Fraction(1, 2)), (where(0, x, y), 3), (floor(y / 2), 1),
        (total(row), 9), (mean(row), 3), (greatest(row), 6), (count(row), 3), (at(row, 1), 2), (dot(row, other), -4),
        (exp(y - y), 1), (sqrt(y + 1), 2), (erf(0 * y), 0),
    ],
)  # fmt: skip
def test_by_hand(formula: Formula, expected: float) -> None:
    assert compute(formula, NUMBERS.__getitem__) == expected


def test_what_is_exact_stays_so() -> None:
    assert isinstance(compute(larger(0, x), NUMBERS.__getitem__), Fraction)


def test_its_names_and_json() -> None:
    formula = exp(x - greatest(row)) / 2
    assert formula.names() == {"x", "row"}
    assert json.loads(json.dumps(formula.as_json())) == ["/", ["exp", ["-", "x", ["greatest", "row"]]], 2]
    assert math.isclose(compute(formula, {"x": 5, "row": [6, 2]}.__getitem__), math.exp(-1) / 2)
