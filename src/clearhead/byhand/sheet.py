"""A worksheet as data: matrices with labels, blanks, an answer for each blank, and the sum that makes it."""

import dataclasses
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from clearhead.byhand.numbers import rounded, written

Rows = Sequence[Sequence[Fraction]]


@dataclasses.dataclass(frozen=True)
class Cell:
    """One place of a matrix.

    value: the number that stands there, exactly as a pencil gets it; None where `word` says it instead (a token, −∞).
    places: the decimals that it was rounded to; None where it is exact.
    precise: the same without any rounding on the way to it, which is what a computer gets.
    blank: to be filled in. sum: what makes it, such as "5·1 + 6·1".
    """

    value: Fraction | None
    places: int | None = None
    precise: Fraction | float = math.nan
    blank: bool = False
    sum: str = ""
    word: str = ""

    @property
    def text(self) -> str:
        return self.word if self.value is None else written(self.value, self.places)

    @property
    def working(self) -> str:
        """The answer and its sum: `11 = 5·1 + 6·1`, with ≈ where the answer is rounded."""
        if self.value is None:
            return f"{self.word} ({self.sum})" if self.sum else self.word
        exact = self.places is None or self.value == self.precise
        return f"{self.text} {'=' if exact else '≈'} {self.sum}" if self.sum else self.text


def number(value: Fraction | int, blank: bool = False) -> Cell:
    """An exact number."""
    return Cell(Fraction(value), None, Fraction(value), blank)


def exactly(value: Fraction, precise: Fraction | float, working: str) -> Cell:
    """A blank whose sum needs no rounding, though its terms may have been rounded before."""
    return Cell(value, None, precise, True, working)


def about(value: Fraction | float, places: int, precise: Fraction | float, working: str) -> Cell:
    """A blank that is rounded."""
    return Cell(rounded(value, places), places, precise, True, working)


def saying(word: str, blank: bool = False, working: str = "", precise: float = math.nan) -> Cell:
    """A word instead of a number."""
    return Cell(None, None, precise, blank, working, word)


@dataclasses.dataclass(frozen=True)
class Matrix:
    """Cells in rows and columns. key: for looking it up; name: how the sheet calls it, such as "QKᵀ".

    rows, columns: a label for each, or none. room: the letters that its blanks have room for at least, so that none
    gives a short answer away.
    """

    key: str
    name: str
    cells: tuple[tuple[Cell, ...], ...]
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    room: int = 2

    @property
    def values(self) -> list[list[Fraction]]:
        """The numbers as written. TypeError where a cell holds a word."""
        return [[Fraction(cell.value) for cell in row] for row in self.cells]  # type: ignore[arg-type]

    @property
    def precise(self) -> list[list[float]]:
        """The numbers as a computer gets them, which rounds nothing on the way."""
        return [[float(cell.precise) for cell in row] for row in self.cells]

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.cells), len(self.cells[0])

    def place(self, row: int, column: int) -> str:
        """How the answer key names a cell: by its labels, else by its row and column, counted from 1."""
        first = self.rows[row] if self.rows else str(row + 1) if self.shape[0] > 1 else ""
        second = self.columns[column] if self.columns else str(column + 1) if self.shape[1] > 1 else ""
        return ", ".join(one for one in (first, second) if one) or self.name


def turned(matrix: Matrix) -> Matrix:
    """Its rows as columns."""
    cells = tuple(zip(*matrix.cells, strict=True))
    return dataclasses.replace(matrix, cells=cells, rows=matrix.columns, columns=matrix.rows)


Line = tuple[Matrix | str, ...]


@dataclasses.dataclass(frozen=True)
class Section:
    """One step: what is done, what it means (`beside`), and lines of matrices with signs between them."""

    heading: str
    text: str
    lines: tuple[Line, ...]
    beside: str = ""

    @property
    def matrices(self) -> tuple[Matrix, ...]:
        return tuple(one for line in self.lines for one in line if isinstance(one, Matrix))


@dataclasses.dataclass(frozen=True)
class Sheet:
    """A worksheet of one topic. source: where its numbers come from, in words; rounding: how they are rounded."""

    topic: str
    language: str
    title: str
    introduction: str
    sections: tuple[Section, ...]
    source: str = ""
    rounding: str = ""

    def matrix(self, key: str) -> Matrix:
        """The matrix with this key. KeyError where there is none."""
        return {one.key: one for section in self.sections for one in section.matrices}[key]

    def blanks(self) -> Iterator[tuple[Section, Matrix, tuple[int, int], Cell]]:
        """Every blank in reading order."""
        for section in self.sections:
            for matrix in section.matrices:
                for i, row in enumerate(matrix.cells):
                    yield from ((section, matrix, (i, j), cell) for j, cell in enumerate(row) if cell.blank)

    def as_json(self) -> dict[str, Any]:
        """The sheet for a page: numbers as written, blanks with answer, sum and place."""

        def item(one: Matrix | str) -> Any:
            if isinstance(one, str):
                return one
            cells = [[_as_json(one, i, j) for j in range(one.shape[1])] for i in range(one.shape[0])]
            return {
                "key": one.key, "name": one.name, "rows": list(one.rows), "columns": list(one.columns), "cells": cells,
                "room": one.room,
            }  # fmt: skip

        sections = [
            {
                "heading": section.heading,
                "text": section.text,
                "beside": section.beside,
                "lines": [[item(one) for one in line] for line in section.lines],
            }
            for section in self.sections
        ]
        plain = {name: getattr(self, name) for name in ("topic", "language", "title", "introduction")}
        return {**plain, "source": self.source, "rounding": self.rounding, "sections": sections}


def _as_json(matrix: Matrix, row: int, column: int) -> dict[str, Any]:
    cell = matrix.cells[row][column]
    if not cell.blank:
        return {"text": cell.text, "blank": False}
    place = matrix.place(row, column)
    named = place if place == matrix.name else f"{matrix.name} [{place}]"
    return {"text": cell.text, "blank": True, "working": cell.working, "place": named}
