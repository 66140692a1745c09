"""Parquet files: each row an object, read some rows at a time."""

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from clearhead.data.corpus import check_file
from clearhead.data.json_rows import chosen_fields, text_fields
from clearhead.errors import DataError

_ROWS: Final = 1000
_BUFFER: Final = 1 << 20


def parquet_rows(path: Path, columns: Sequence[int | str]) -> Iterator[tuple[str, ...]]:
    """The chosen columns of each row, as text, in constant memory; those of `json_rows`, and numbers from 1 as well.

    Raises DataError where the package for it is missing, or the file cannot be read or lacks a column.
    """
    check_file(path)
    arrow, parquet = _package("pyarrow", path), _package("pyarrow.parquet", path)
    number = 0
    try:
        with parquet.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False) as file:
            names = list(file.schema_arrow.names)
            chosen = [_name(one, names, path) for one in columns] or names
            roots = list(dict.fromkeys(one if one in names else one.partition(".")[0] for one in chosen))
            for batch in file.iter_batches(batch_size=_ROWS, columns=roots):
                for row in batch.to_pylist():
                    number += 1
                    yield chosen_fields(row, chosen, f"{path}: row {number:,}")
    except (arrow.ArrowException, OSError) as error:
        raise _not_whole(path, error) from error


def parquet_columns(path: Path) -> tuple[str, ...]:
    """The columns that are read as text, as `parquet_rows` takes them. Raises DataError as it does."""
    check_file(path)
    arrow, parquet = _package("pyarrow", path), _package("pyarrow.parquet", path)
    try:
        with parquet.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False) as file:
            first = next(file.iter_batches(batch_size=1), None)
    except (arrow.ArrowException, OSError) as error:
        raise _not_whole(path, error) from error
    rows = [] if first is None else first.to_pylist()
    return tuple(text_fields(rows[0])) if rows else ()


def _not_whole(path: Path, error: Exception) -> DataError:
    why = str(error).partition("\n")[0][:80]
    return DataError(f"{path} is no whole Parquet file ({why}); fetch or write it again")


def _name(column: int | str, names: Sequence[str], path: Path) -> str:
    if isinstance(column, int) and column <= len(names):
        return names[column - 1]
    if isinstance(column, str) and (column in names or column.partition(".")[0] in names):
        return column
    raise DataError(f"{path} has no column {column!r:.60}; it has {', '.join(names)[:120]}; name another")


def _package(name: str, path: Path) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise DataError(
            f"{path} is a Parquet file, which needs the package pyarrow; install it with: "
            "pip install 'clearhead[parquet]'"
        ) from None
