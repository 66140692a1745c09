"""One side of pairs: a file with a line each, a column of a table, or that of a part of such pairs."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from clearhead.data.caching import identity
from clearhead.data.corpus import check_file, read_lines, read_pairs
from clearhead.data.tables import TableFile, read_tables


@dataclass(frozen=True)
class Column:
    """One of the columns that are read of a table; number: which of them, from 0."""

    table: TableFile
    number: int

    def __str__(self) -> str:
        return f"column {self.table.columns[self.number]} of {self.table}"


@runtime_checkable
class Part(Protocol):
    """Some of the pairs of two sides: `splitting.PartOfPairs`."""

    @property
    def source(self) -> "Side": ...
    @property
    def target(self) -> "Side": ...
    @property
    def identity(self) -> tuple[object, ...]: ...
    def pairs(self) -> Iterator[tuple[str, str]]: ...


@dataclass(frozen=True)
class SideOfPart:
    """The sources of a part of pairs (number 0), or its targets (1)."""

    part: Part
    number: int

    def __str__(self) -> str:
        return str(whole_side(self))


Side = Path | Column | SideOfPart


def whole_side(side: Side) -> Path | Column:
    """The side of all pairs of which this one may be a part's."""
    if not isinstance(side, SideOfPart):
        return side
    return whole_side(side.part.target if side.number else side.part.source)


def side_path(side: Side) -> Path:
    """The file that a side lies in, which may hold the other one as well."""
    whole = whole_side(side)
    return whole.table.path if isinstance(whole, Column) else whole


def check_side(side: Side) -> None:
    """Raise a DataError that helps if its file is not there."""
    check_file(side_path(side))


def read_side(side: Side) -> Iterator[str]:
    """The texts of a side, one after the other. Raises DataError as `read_lines` and `read_tables` do."""
    if isinstance(side, SideOfPart):
        return (pair[side.number] for pair in side.part.pairs())
    if isinstance(side, Column):
        return (row[side.number] for row in read_tables([side.table]))
    return read_lines(side)


def read_sides(source: Side, target: Side) -> Iterator[tuple[str, str]]:
    """The pairs of two files that have one line for each other, of two columns of one table, or of a part of such.

    Raises DataError as `read_pairs` and `read_tables` do.
    """
    if isinstance(source, SideOfPart) and isinstance(target, SideOfPart):
        return source.part.pairs()
    if isinstance(source, Column) and isinstance(target, Column):
        return ((row[source.number], row[target.number]) for row in read_tables([source.table]))
    return read_pairs(side_path(source), side_path(target))


def side_identity(side: Side) -> tuple[object, ...]:
    """What a side holds, for a key of the cache. Raises DataError where its file cannot be read."""
    if isinstance(side, SideOfPart):
        return (*side.part.identity, side.number)
    if isinstance(side, Column):
        content, *rest = side.table.identity
        return (*content, *rest, side.number)
    return identity(side)
