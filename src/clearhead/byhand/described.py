"""A traced operation worked out by hand: its description's formula, done on the matrices of a sheet.

A sheet asks for an operation in one go, or part by part (the powers of e before their shares of the sum): a part that
is written down goes on as it is written, rounded.
"""

import dataclasses
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from clearhead.byhand.sheet import Cell, Matrix, about, exactly, saying, turned
from clearhead.byhand.terms import ENDLESS, ON_TERMS, Row, Term, term
from clearhead.tracing.formulas import Formula, compute
from clearhead.tracing.operations import Description

# A sheet has a linear layer's matrix as the paper has it, inputs · W, and PyTorch turned.
_PARAMETERS = {"across": "down", "entry": "cell"}


class Rounding(NamedTuple):
    """To how many decimals. keeps: what stays as it is: nothing, what is exact, or what is exact and no longer."""

    places: int
    keeps: Literal["nothing", "exact", "short"] = "nothing"


@dataclasses.dataclass(frozen=True)
class Work:
    """An operation and what it is computed from.

    inputs, parameters: as in the description. A parameter that is not there is 0.
    known: settings, and parts that stand on the sheet already, by name.
    silent: names of rows of whose zeros a sum of products says nothing.
    is_turned: a column of the sheet is a position, so that all matrices stand turned, and factors in the other order.
    """

    description: Description
    inputs: tuple[Matrix, ...] = ()
    parameters: tuple[Matrix, ...] = ()
    known: Mapping[str, Matrix | Term] = dataclasses.field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    is_turned: bool = False

    def having(self, **parts: Matrix | Term) -> "Work":
        """The same where more is known."""
        return dataclasses.replace(self, known={**self.known, **parts})

    def write(
        self, key: str, name: str, part: str = "", rounding: Rounding | None = None,
        shape: tuple[int, int] | None = None,
    ) -> Matrix:  # fmt: skip
        """A matrix of blanks: the result, or a part of it. shape: where no matrix has that of the result."""
        formula = self.description.given[part] if part else self.description.value
        operands = self._operands()
        names = self._read(formula)
        read = [one for name, one in operands.items() if name in names]
        rows, columns = shape or (max(one.height for one in read), max(one.width for one in read))
        cells = tuple(
            tuple(
                _blank(compute(formula, self._look(operands, i, j), self._functions), rounding) for j in range(columns)
            )
            for i in range(rows)
        )
        labels = max(read, key=lambda one: (one.width, one.reading in ("across", "down"))).columns if read else ()
        made = Matrix(key, name, cells, self._standing(self.inputs[0]).rows if self.inputs else (), labels)
        return self._standing(made)

    @property
    def _functions(self) -> Mapping[str, Any]:
        return ON_TERMS if not self.is_turned else {**ON_TERMS, "dot": lambda one, other: ON_TERMS["dot"](other, one)}

    def _operands(self) -> dict[str, "_Operand"]:
        """Of every name that stands for numbers of a matrix where they are."""
        found: dict[str, _Operand] = {}
        for one, readings in zip(self.inputs, self.description.inputs, strict=False):
            found |= {name: self._operand(one, name, reading) for name, reading in readings.items()}
        for number, readings in enumerate(self.description.parameters):
            for name, reading in readings.items():
                if number < len(self.parameters):
                    found[name] = self._operand(self.parameters[number], name, _PARAMETERS[reading])
        for name, known in self.known.items():
            if isinstance(known, Matrix):
                found |= {name: self._operand(known, name, "cell"), f"{name}s": self._operand(known, f"{name}s", "row")}
        return found

    def _operand(self, matrix: Matrix, name: str, reading: str) -> "_Operand":
        return _Operand(self._standing(matrix), reading, name in self.silent)

    def _standing(self, matrix: Matrix) -> Matrix:
        return turned(matrix) if self.is_turned else matrix

    def _read(self, formula: Formula) -> set[str]:
        """The names of what a formula is computed from, as far as its parts do not stand on the sheet."""
        names = formula.names()
        parts = {
            one for one in names & self.description.given.keys() if not {one, one.removesuffix("s")} & self.known.keys()
        }
        return (names - parts).union(*(self._read(self.description.given[one]) for one in parts))

    def _look(self, operands: Mapping[str, "_Operand"], row: int, column: int) -> Any:
        known: dict[str, Any] = {"row": Fraction(row), "column": Fraction(column), "infinity": ENDLESS}
        known |= {name: one for name, one in self.known.items() if isinstance(one, Term)}

        def look(name: str) -> Any:
            if name in known:
                return known[name]
            if name in operands:
                known[name] = operands[name].at(row, column)
            elif name in self.description.given:
                known[name] = compute(self.description.given[name], look, self._functions)
            else:
                known[name] = term(Fraction(0))
            return known[name]

        return look


class _Operand:
    """A matrix, and which of its numbers are read."""

    def __init__(self, matrix: Matrix, reading: str, is_silent: bool) -> None:
        self.reading, self.is_silent = reading, is_silent
        cells = matrix.cells if reading != "down" else tuple(zip(*matrix.cells, strict=True))
        self.terms = [[term(one) for one in row] for row in cells]
        # What it gives a result's columns.
        of_rows, of_columns = (len(matrix.cells), matrix.rows), (len(matrix.cells[0]), matrix.columns)
        self.width, self.columns = {"row": (1, ()), "across": of_rows}.get(reading, of_columns)
        self.height = 1 if reading in ("across", "down") else len(matrix.cells)

    def at(self, row: int, column: int) -> Row | Term:
        """What has one row or one column serves all."""
        if self.reading == "cell":
            line = self.terms[min(row, len(self.terms) - 1)]
            return line[min(column, len(line) - 1)]
        return Row(self.terms[min(row, len(self.terms) - 1) if self.reading == "row" else column], self.is_silent)


def _blank(found: Term, rounding: Rounding | None) -> Cell:
    """What stands on the sheet already stays as it is."""
    if found.cell is not None:
        return found.cell
    if found.value is None:
        return saying("−∞", True, found.text, float(found.precise))
    if rounding is None or _stays(found.value, rounding):
        return exactly(Fraction(found.value), found.precise, found.text)
    return about(found.value, rounding.places, found.precise, found.text)


def _stays(value: Fraction | float, rounding: Rounding) -> bool:
    if isinstance(value, float) or rounding.keeps == "nothing":
        return False
    return rounding.keeps == "exact" or (value * 10**rounding.places).denominator == 1
