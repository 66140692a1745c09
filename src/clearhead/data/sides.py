"""One side of pairs: a file with a line each, or a column of a table."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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


Side = Path | Column


def side_path(side: Side) -> Path:
    """The file that a side lies in, which may hold the other one as well."""
    return side.table.path if isinstance(side, Column) else side


def check_side(side: Side) -> None:
    """Raise a DataError that helps if its file is not there."""
    check_file(side_path(side))


def read_side(side: Side) -> Iterator[str]:
    """The texts of a side, one after the other. Raises DataError as `read_lines` and `read_tables` do."""
    if isinstance(side, Column):
        return (row[side.number] for row in read_tables([side.table]))
    return read_lines(side)


def read_sides(source: Side, target: Side) -> Iterator[tuple[str, str]]:
    """The pairs of two files that have one line for each other, or of two columns of one table.

    Raises DataError as `read_pairs` and `read_tables` do.
    """
    if isinstance(source, Column) and isinstance(target, Column):
        return ((row[source.number], row[target.number]) for row in read_tables([source.table]))
    return read_pairs(side_path(source), side_path(target))


def side_identity(side: Side) -> tuple[object, ...]:
    """What a side holds, for a key of the cache. Raises DataError where its file cannot be read."""
    if isinstance(side, Column):
        content, *rest = side.table.identity
        return (*content, *rest, side.number)
    return identity(side)
