"""JSON lines: each an object, whose fields have names, or a list."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from clearhead.data.corpus import read_lines
from clearhead.errors import DataError
from clearhead.text import is_blank

_SURROGATES: Final = re.compile("[\ud800-\udfff]")


def json_rows(path: Path, columns: Sequence[int | str]) -> Iterator[tuple[str, ...]]:
    """The chosen fields of each line, as text; blank lines are none.

    columns: names of an object's fields, `a.b` for the field b of the object a; numbers from 1 for a list's. Without
    any, all that a list has. A number is written as JSON has it, a null is an empty text.

    Raises DataError as `read_lines` does, and for a line that is no JSON or lacks a field, with the line's number.
    """
    for number, line in enumerate(read_lines(path), start=1):
        if is_blank(line):
            continue
        place = f"{path}: line {number:,}"
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            why = error.msg if isinstance(error, json.JSONDecodeError) else "it is too deep or has too long a number"
            raise DataError(f"{place} is no JSON ({why}); a .jsonl file has an object on each line") from None
        yield chosen_fields(value, columns, place)


def chosen_fields(value: object, columns: Sequence[int | str], place: str) -> tuple[str, ...]:
    """The fields of a row as text; `place` names it in errors, as in "a.jsonl: line 3"."""
    if not isinstance(value, Mapping | list):
        raise DataError(f"{place} is {json.dumps(value)[:40]}, expected an object whose fields have names")
    if columns:
        return tuple(_text(_field(value, column, place), f"{place}: {column}") for column in columns)
    if isinstance(value, Mapping):
        raise _unnamed(value, place)
    return tuple(_text(one, place) for one in value)


def text_fields(value: Mapping[str, Any]) -> list[str]:
    """The names of an object's fields that are read as text, `a.b` for the field b of the object a."""
    found = []
    for name, one in value.items():
        inner = [(f"{name}.{key}", of) for key, of in one.items()] if isinstance(one, Mapping) else [(name, one)]
        found += [key for key, of in inner if of is None or isinstance(of, str | bool | int | float)]
    return found


def _field(value: Mapping[str, Any] | list[Any], column: int | str, place: str) -> object:
    if isinstance(value, list):
        if isinstance(column, int) and column <= len(value):
            return value[column - 1]
        raise DataError(f"{place} is a list of {len(value)}, which has no {column!r:.60}; give numbers from 1 it has")
    if isinstance(column, int):
        raise _unnamed(value, place)
    if column in value:
        return value[column]
    found: object = value
    for name in column.split("."):
        if not isinstance(found, Mapping) or name not in found:
            raise DataError(f"{place} has no field {column!r:.60}; {_fields(value)}; correct it, or name another")
        found = found[name]
    return found


def _unnamed(value: Mapping[str, Any], place: str) -> DataError:
    return DataError(
        f"{place} is an object, whose fields have names and no numbers; {_fields(value)}; name those to read by "
        "columns: [FIRST, SECOND]"
    )


def _fields(value: Mapping[str, Any]) -> str:
    names = [
        f"{name}.{inner}" for name, one in value.items() for inner in (one if isinstance(one, Mapping) else ())
    ] or list(value)
    return f"it has {', '.join(names)[:120] or 'none'}"


def _text(value: object, place: str) -> str:
    if isinstance(value, str):
        # Half of a pair is no character, and nothing could be written of it.
        return _SURROGATES.sub("\ufffd", " ".join(value.splitlines()) if "\n" in value else value)
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    kind = "an object" if isinstance(value, Mapping) else "a list" if isinstance(value, list) else type(value).__name__
    raise DataError(f"{place} is {kind}, expected a text; name a field in it, as in columns: [a.b]")
