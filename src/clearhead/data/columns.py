"""Which columns a table has, before anybody has chosen any."""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from clearhead.data.corpus import LOOKED_AT, read_lines
from clearhead.data.json_rows import text_fields
from clearhead.data.parquet_rows import parquet_columns
from clearhead.data.tables import Row, TableFile, read_table, table_ending
from clearhead.data.tmx import tmx_languages
from clearhead.text import is_blank

Columns = tuple[int | str, ...]


def columns_of(path: Path) -> Columns:
    """What `TableFile.columns` may name of a table, in the file's order.

    Of objects the fields that all of the first rows have as a text or a number, `a.b` for the field b of the object a;
    of a .tmx file its languages; of all other tables numbers from 1, as many as the widest of the first rows has.
    Raises DataError as `read_table` does.
    """
    find = _NAMED.get(table_ending(path), _numbers)
    return find(path)


def read_all_columns(path: Path, columns: Columns) -> Iterator[Row]:
    """The cells of each row, one for each of the columns that `columns_of` found; those that a row lacks are empty.

    Raises DataError as `read_table` does.
    """
    if any(isinstance(one, str) for one in columns):
        yield from read_table(TableFile(path, columns, header=False))
        return
    for row in read_table(TableFile(path)):
        yield (*row, *[""] * (len(columns) - len(row)))[: len(columns)]


def _numbers(path: Path) -> Columns:
    rows = itertools.islice(read_table(TableFile(path)), LOOKED_AT)
    return tuple(range(1, 1 + max(map(len, rows), default=0)))


def _fields(path: Path) -> Columns:
    """Of JSON lines: names, or numbers where the lines are lists."""
    common: dict[str, None] | None = None
    lines = (line for line in read_lines(path) if not is_blank(line))
    for line in itertools.islice(lines, LOOKED_AT):
        value = _parsed(line)
        if not isinstance(value, Mapping):
            # What is no object is a list, or is refused with its line's number.
            return _numbers(path)
        names = text_fields(value)
        common = dict.fromkeys(names if common is None else [name for name in common if name in names])
    return tuple(common or ())


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


_NAMED: Final[Mapping[str, Callable[[Path], Columns]]] = {
    ".jsonl": _fields,
    ".ndjson": _fields,
    ".parquet": parquet_columns,
    ".tmx": tmx_languages,
}
