"""Matrices that a learner brings, from a JSON or a CSV file."""

import csv
import json
import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from clearhead.byhand.numbers import read
from clearhead.byhand.sheet import Rows
from clearhead.errors import UsageError
from clearhead.reading import check_utf8, decoded, open_lines

_LARGEST = 10_000
_HOW = 'write {"X": [[1, 2], [3, 4]]} in a .json file, or in a .csv file a line with X and then its rows'


def read_matrices(path: str | Path) -> dict[str, Rows]:
    """Matrices by their names.

    JSON: an object whose values are lists of rows; numbers, or texts such as "1/3". CSV: a line that holds a name
    alone, then that matrix's rows; blank lines do not count. Raises UsageError for anything else, and DataError for
    what is no text.
    """
    path = Path(path)
    text = _text(path)
    found = _from_csv(path, text) if path.suffix.lower() == ".csv" else _from_json(path, text)
    if not found:
        raise UsageError(f"--matrix {path} holds no matrix; {_HOW}")
    return {name: _checked(path, name, rows) for name, rows in found.items()}


def _text(path: Path) -> str:
    name = f"--matrix {path}"
    try:
        with open_lines(path, name) as lines:
            check_utf8(lines.head, name)
            return "\n".join(decoded(lines, name))
    except OSError as error:
        raise UsageError(f"{name} cannot be read ({error.strerror or error}); check the path") from None


def _from_json(path: Path, text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text, parse_float=str)
    except (ValueError, RecursionError) as error:
        how = 'write fractions in quotes, as in "1/3"' if re.search(r"[\d\s]/\s*\d", text) else _HOW
        raise UsageError(f"--matrix {path} is not JSON ({error}); {how}") from None
    if not isinstance(found, dict):
        raise UsageError(f"--matrix {path} does not name its matrices; {_HOW}")
    return found


def _from_csv(path: Path, text: str) -> Mapping[str, Any]:
    found: dict[str, list[list[str]]] = {}
    name = ""
    # Spreadsheets of many countries separate by semicolons.
    separator = next((one for one in ",;\t" if one in text), ",")
    try:
        lines = list(csv.reader(text.splitlines(), delimiter=separator))
    except csv.Error as error:
        raise UsageError(f"--matrix {path} is not CSV ({error}); {_HOW}") from None
    for number, line in enumerate(lines, start=1):
        cells = [one.strip() for one in line]
        while cells and not cells[-1]:
            cells.pop()  # Spreadsheets fill short lines with empty cells.
        if len(cells) == 1 and cells[0].isidentifier():
            name = cells[0]
            found[name] = []
        elif cells and not name:
            raise UsageError(f"--matrix {path}, line {number}: a row stands before any name; {_HOW}")
        elif cells:
            found[name].append(cells)
    return found


def _checked(path: Path, name: str, rows: Any) -> Rows:
    is_matrix = isinstance(rows, list) and rows and all(isinstance(row, list) and row for row in rows)
    if not is_matrix:
        raise UsageError(f"--matrix {path}: {name} is not made of rows; {_HOW}")
    widths = [len(row) for row in rows]
    if len(set(widths)) > 1:
        odd = next(number for number, width in enumerate(widths) if width != widths[0])
        raise UsageError(
            f"--matrix {path}: row {odd + 1} of {name} is {widths[odd]} long but row 1 is {widths[0]}; "
            "make all rows equally long"
        )
    return [[_number(path, name, one) for one in row] for row in rows]


def _number(path: Path, name: str, one: Any) -> Fraction:
    if isinstance(one, bool) or not isinstance(one, int | Fraction | str):
        raise UsageError(f'--matrix {path}: {name} holds {one!r}, which is no number; write 3, -2, 0.5 or "1/3"')
    try:
        number = read(one) if isinstance(one, str) else Fraction(one)
    except UsageError as error:
        raise UsageError(f"--matrix {path}: in {name}, {error}") from None
    if abs(number) > _LARGEST or number.denominator > _LARGEST:
        raise UsageError(f"--matrix {path}: {name} holds a number too long for a pencil; stay below {_LARGEST:,}")
    return number
