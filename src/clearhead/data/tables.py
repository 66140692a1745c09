"""Tables of text to learn from or be judged by: a row is an example, and its columns are the example's fields."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from clearhead.data.caching import identity
from clearhead.data.corpus import read_lines
from clearhead.data.json_rows import json_rows
from clearhead.data.parquet_rows import parquet_rows
from clearhead.data.parts import all_of, part_of
from clearhead.data.tmx import tmx_rows
from clearhead.data.workbook_rows import workbook_cells
from clearhead.errors import DataError
from clearhead.reading import compression_named
from clearhead.text import is_blank

Row = tuple[str, ...]
# Files whose cells have names of their own, by their ending.
_NAMED: Final[Mapping[str, Callable[[Path, Sequence[int | str]], Iterator[Row]]]] = {
    ".jsonl": json_rows,
    ".ndjson": json_rows,
    ".parquet": parquet_rows,
    ".tmx": tmx_rows,
}
# What stands between cells in others, for a message; a tab where nothing else is said.
_SEPARATORS: Final = {".csv": "a comma", ".xlsx": "the lines of the sheet"}
_CORRECT: Final = "; correct it, or choose others by columns: [1, 2]"


@dataclass(frozen=True)
class TableFile:
    """A file whose lines are rows: cells between tabs, in a .csv file between commas, and in quotes where needed.

    In a .jsonl or .parquet file rows are objects, whose fields have names; in a .tmx file they have languages; in an
    .xlsx file they are the first sheet's.

    columns: which of them are read, in this order: numbers from 1, or names, which the first line then has; none for
    all that a row has, without empty ones at its end.
    start, stop: which part of the rows, as shares from 0 to 1.
    header: the first line names the columns, though they are chosen by numbers, and is no row.
    """

    path: Path
    columns: tuple[int | str, ...] = ()
    start: float = 0.0
    stop: float = 1.0
    header: bool = False

    def __str__(self) -> str:
        return str(self.path)

    @property
    def has_header(self) -> bool:
        return self.header or any(isinstance(one, str) for one in self.columns)

    @property
    def identity(self) -> tuple[tuple[str, str], *tuple[object, ...]]:
        """What its rows are, for a key of the cache. Raises DataError where it cannot be read."""
        # Of the same bytes another ending makes other cells; tabs are what is usual.
        ending = table_ending(self.path)
        form = (ending,) if ending in _NAMED or ending in _SEPARATORS else ()
        header = ("header",) if self.header else ()
        return identity(self.path), self.columns, self.start, self.stop, *form, *header


def has_names(path: Path) -> bool:
    """Whether the cells of a table have names or languages by which alone they are known, as in JSON lines."""
    return table_ending(path) in _NAMED


def is_table(path: Path) -> bool:
    """Whether a file is a table by its name; any text whose lines have tabs can be read as one, too."""
    ending = table_ending(path)
    return ending in _NAMED or ending in _SEPARATORS or ending == ".tsv"


def table_ending(path: Path) -> str:
    """What a file's name ends in before the ending of its compression, in lower case."""
    name, compression = path.name.lower(), compression_named(path.name)
    return Path(name.removesuffix(compression.ending) if compression else name).suffix


def read_table(file: TableFile) -> Iterator[Row]:
    """The cells of the table's columns, row by row; blank lines are no rows. A line end in a cell is a space.

    Raises DataError as `read_lines` does, and for a row or a header that lacks a column.
    """
    return part_of(file, lambda: _rows(file))


def read_tables(files: Sequence[TableFile]) -> Iterator[Row]:
    """The rows of all files, one file after the other. Raises DataError where there is none."""
    return all_of(files, read_table, "there are no rows", "rows", "table")


def _rows(file: TableFile) -> Iterator[Row]:
    named = _NAMED.get(table_ending(file.path))
    return named(file.path, file.columns) if named else _placed_rows(file)


def _placed_rows(file: TableFile) -> Iterator[Row]:
    rows = _cells(file.path)
    places = _places(file, next(rows, (1, [])) if file.has_header else None)
    for number, cells in rows:
        if not places:
            yield _without_empty_end(cells)
            continue
        if len(cells) <= max(places):
            raise DataError(
                f"{file.path}: line {number:,} has {_count(cells)}, expected {max(places) + 1} or more, separated by "
                f"{_SEPARATORS.get(table_ending(file.path), 'a tab')}{_other_mark(cells, max(places) + 1) or _CORRECT}"
            )
        yield tuple(cells[place] for place in places)


def _places(file: TableFile, header: tuple[int, Sequence[str]] | None) -> list[int]:
    """The places, from 0, of the columns."""
    if header is None or not any(isinstance(one, str) for one in file.columns):
        return [int(one) - 1 for one in file.columns]
    names = [name.strip() for name in header[1]]
    found = []
    for column in file.columns:
        if isinstance(column, int):
            found.append(column - 1)
        elif names.count(column) == 1:
            found.append(names.index(column))
        else:
            how = "twice" if column in names else "not"
            remedy = _other_mark(names, len(file.columns)) or "; name another, or give its number, from 1"
            raise DataError(
                f"{file.path} has the column {column!r:.60} {how} in its first line ({', '.join(names)[:120]}){remedy}"
            )
    return found


def _cells(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The number, from 1, of each row's last line, and its cells."""
    ending = table_ending(path)
    if ending == ".xlsx":
        yield from workbook_cells(path)
        return
    lines = read_lines(path)
    if ending != ".csv":
        yield from ((number, line.split("\t")) for number, line in enumerate(lines, start=1) if not is_blank(line))
        return
    reader = csv.reader((f"{line}\n" for line in lines), strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(
                f"{path}: line {reader.line_num:,} is no row of a CSV file ({error}); save it again as CSV UTF-8"
            ) from None
        if any(not is_blank(cell) for cell in cells):
            yield reader.line_num, [cell.replace("\n", " ") for cell in cells]


def _without_empty_end(cells: Sequence[str]) -> Row:
    count = max((place for place, cell in enumerate(cells, start=1) if not is_blank(cell)), default=0)
    return tuple(cells[:count])


def _other_mark(cells: Sequence[str], expected: int) -> str | None:
    """What follows in the message on a row of too few cells, where another mark stands between them or it is JSON."""
    if len(cells) != 1:
        return None
    if cells[0].lstrip().startswith(("[", "{")):
        return ", which looks like JSON: write it as .jsonl, an object a line"
    for mark, name in ((";", "a semicolon"), ("\t", "a tab"), (",", "a comma")):
        if (found := cells[0].count(mark) + 1) >= max(2, expected):
            return f", but {found} by {name}: save it as CSV UTF-8 with commas, or as .tsv with tabs"
    return None


def _count(cells: Sequence[str]) -> str:
    return "1 column" if len(cells) == 1 else f"{len(cells)} columns"
