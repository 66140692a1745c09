"""Sums read back from a sheet's text and done again, by Python."""

import math
import re
from collections.abc import Callable
from fractions import Fraction

import pytest
import torch
from torch import Tensor

from clearhead.byhand import Cell, Matrix, Sheet, making, multi_head


@pytest.fixture
def as_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the first numbers that are drawn, handsome or not: what is computed from them must be right all the same."""
    monkeypatch.setattr(making, "ATTEMPTS", 1)
    monkeypatch.setattr(multi_head, "ATTEMPTS", 1)


@pytest.fixture(scope="session")
def evaluate() -> Callable[[str], float]:
    """The value of a sum as a sheet writes it."""

    def value(text: str) -> float:
        text = re.sub(r"√(\d+)", r"sqrt(\1)", text.split("≈")[0])
        for sign, meaning in {
            "·": "*",
            "÷": "/",
            "−ln ": "-log ",
            "−": "-",
            "^": "**",
            "²": "**2",
            "√(": "sqrt(",
        }.items():
            text = text.replace(sign, meaning)
        text = re.sub(r"log (\S+)", r"log(\1)", text)
        names = {"e": math.e, "sqrt": math.sqrt, "log": math.log, "sin": math.sin, "cos": math.cos, "max": max}
        return float(eval(text, {"__builtins__": {}}, names))

    return value


@pytest.fixture(scope="session")
def is_right(evaluate: Callable[[str], float]) -> Callable[[Cell], bool]:
    """Whether a cell's answer is what its sum makes, rounded as it says."""

    def check(cell: Cell) -> bool:
        assert cell.value is not None
        found = evaluate(cell.sum)
        if cell.places is None:
            return math.isclose(found, cell.value, abs_tol=1e-9)
        # A half goes away from zero, whatever the float next to it says.
        return abs(found - float(cell.value)) <= 0.5 * 10**-cell.places + 1e-9

    return check


@pytest.fixture(scope="session")
def numbers() -> Callable[[Matrix], Tensor]:
    """A matrix's numbers as they stand on the sheet."""

    def read(matrix: Matrix) -> Tensor:
        return torch.tensor([[float(Fraction(one)) for one in row] for row in matrix.values], dtype=torch.float64)

    return read


@pytest.fixture(scope="session")
def precise() -> Callable[[Matrix], Tensor]:
    """A matrix's numbers without any rounding on the way to them."""
    return lambda matrix: torch.tensor(matrix.precise, dtype=torch.float64)


@pytest.fixture(scope="session")
def given(numbers: Callable[[Matrix], Tensor]) -> Callable[..., dict[str, Tensor]]:
    """All matrices of a sheet that stand there as numbers, by their keys."""

    def read(sheet: Sheet) -> dict[str, Tensor]:
        found = {one.key: one for section in sheet.sections for one in section.matrices}
        return {key: numbers(one) for key, one in found.items() if not any(c.blank for row in one.cells for c in row)}

    return read
