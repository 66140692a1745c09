"""Lines that are a table and no sentences: columns, JSON, or one column in a spreadsheet's quotes."""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

# Fewer lines than these tell nothing.
_FEW: Final = 5
# The share of lines with the same number of separators that makes a table, by the separator. Tabs stand in no sentence.
_TABLE: Final = {"\t": 0.9, "|||": 0.9, ",": 0.98, ";": 0.98, "|": 0.98}
_NAMES: Final = {"\t": "a tab", "|||": "|||", ",": "a comma", ";": "a semicolon", "|": "a vertical bar"}
_MOST_JSON: Final = 0.9
_CELL: Final = r'"(?:[^"]|"")*"'
# Of the lines that a spreadsheet would put in quotes, so many are; and so many show that it had to.
_MOST_QUOTED, _LEAST_PROOFS = 0.98, 3
_UNQUOTE: Final = """take them out with sed -e 's/^"\\(.*\\)"$/\\1/' -e 's/""/"/g' FILE > NEW"""


@dataclass(frozen=True)
class Table:
    """What lines are that are no sentences.

    what: as in "looks like a table: nearly every line has 2 columns". remedy: how to make text of it.
    """

    what: str
    remedy: str


def find_table(lines: Iterable[str]) -> Table | None:
    """What kind of table the first lines of a file are; None where they may be sentences."""
    texts = [line for line in lines if line.strip()]
    if len(texts) < _FEW:
        return None
    if sum(map(_is_json, texts)) >= _MOST_JSON * len(texts):
        return Table(
            "looks like JSON Lines: nearly every line is an object or a list",
            "save each language's sentences as a text file of its own",
        )
    for separator, least in _TABLE.items():
        columns = [_columns(line, separator) for line in texts]
        if most := _most_columns(columns, least):
            return _table(most, "line", separator, texts)
        if len(separator) == 1 and (most := _most_columns(_columns_of_rows(texts, separator), least)):
            return _table(most, "row", separator, texts)
    if _is_quoted_column(texts):
        return Table("looks like one column of a CSV file: its lines stand in quotes", _UNQUOTE)
    return None


def _most_columns(columns: Sequence[int], least: float) -> int:
    """How many columns nearly all lines have, two or more; else 0."""
    (most, count), *_ = Counter(columns).most_common(1) or [(0, 0)]
    return most if most > 1 and len(columns) >= _FEW and count >= least * len(columns) else 0


def _columns_of_rows(lines: Sequence[str], separator: str) -> list[int]:
    """How many columns each row has where cells in quotes have lines of their own; none where no cell has."""
    try:
        rows = list(csv.reader((f"{line}\n" for line in lines), delimiter=separator))[:-1]  # The last may be cut off.
    except csv.Error:  # Such as a quote that nothing closes.
        return []
    if not any("\n" in cell for row in rows for cell in row):
        return []
    return [_width(row) for row in rows]


def _width(row: Sequence[str]) -> int:
    # In a sentence a space follows.
    return 1 if any(cell.startswith(" ") for cell in row[1:]) else len(row)


def _table(columns: int, each: str, separator: str, lines: Iterable[str]) -> Table:
    is_quoted = each == "row" or any(map(_has_quoted_quote, lines))
    return Table(
        f"looks like a table: nearly every {each} has {columns} columns, separated by {_NAMES[separator]}",
        f"save each column as a text file of its own, one sentence a line{_command(separator, is_quoted)}",
    )


def _command(separator: str, is_quoted: bool) -> str:
    if separator == "|||":
        return ""
    if separator == "\t" and not is_quoted:
        return ", as in cut -f 1 FILE > FIRST and cut -f 2 FILE > SECOND"
    mark = {",": "", "\t": ", delimiter='\\t'"}.get(separator, f", delimiter='{separator}'")
    # A cell may have lines of its own, and a row too few cells: each is still one line of each file.
    line = "' '.join(row[:1]).split()"
    return (
        f', as in python3 -c "import csv, sys; [print(*{line}) for row in csv.reader(sys.stdin{mark})]" < FILE > FIRST'
        ", and with row[1:2] for the second"
    )


def _has_quoted_quote(line: str) -> bool:
    """Whether a cell between tabs was written by a spreadsheet, which alone doubles the quotes in it."""
    cells = line.split("\t")
    return any('""' in cell[1:-1] and re.fullmatch(_CELL, cell) is not None for cell in cells)


def _is_quoted_column(lines: Sequence[str]) -> bool:
    """Whether lines stand in quotes as a spreadsheet puts them: all, or those with the separator or a quote in them."""
    quoted = [re.fullmatch(_CELL, line.strip()) is not None for line in lines]
    if sum(quoted) >= _MOST_QUOTED * len(lines) - 1:  # The first may name the column.
        return sum(quoted) >= _FEW
    for separator in (",", ";", "\t"):
        needed = [whole for line, whole in zip(lines, quoted, strict=True) if separator in line or '"' in line]
        # A whole line of speech stands in quotes too; only a spreadsheet doubles them, or needs them for its separator.
        proofs = sum(
            whole and (separator in line or '""' in line.strip()[1:-1])
            for line, whole in zip(lines, quoted, strict=True)
        )
        if proofs >= _LEAST_PROOFS and sum(needed) >= _MOST_QUOTED * len(needed):
            return True
    return False


def _is_json(line: str) -> bool:
    text = line.strip().removesuffix(",")
    if not (text.startswith("{") and text.endswith("}")) and not (text.startswith("[") and text.endswith("]")):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _columns(line: str, separator: str) -> int:
    if len(separator) > 1:
        return line.count(separator) + 1
    if re.fullmatch(f"{_CELL}(?:{re.escape(separator)} +{_CELL})+", line.strip()):
        return sum(1 for _ in re.finditer(_CELL, line))  # A space may follow where each cell is in quotes.
    try:
        row = next(csv.reader([line], delimiter=separator))
    except (csv.Error, StopIteration):  # Such as a cell of more than 131,072 characters.
        return 1
    return _width(row)
