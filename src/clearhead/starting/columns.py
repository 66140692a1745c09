"""What the columns of a table hold: texts, labels or numbers; whether its first line names them; which are learned."""

import dataclasses
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NoReturn

from clearhead.data import LOOKED_AT, columns_of, has_names, read_all_columns, read_table
from clearhead.data.tables import Row, TableFile, table_ending
from clearhead.errors import DataError
from clearhead.starting.languages import language_of
from clearhead.text import is_blank

# A label is one of so many at most, each of which so many rows have on the average, and is so short.
MOST_LABELS, ROWS_A_LABEL, LABEL_CHARACTERS = 100, 5, 40
# A first line has names where these stand in it: what people call columns, beside languages.
_LABEL_NAMES: Final = frozenset(
    {
        "label", "labels", "class", "category", "intent", "sentiment", "polarity", "topic", "레이블", "라벨", "분류",
        "범주", "감정", "의도", "주제",
    }
)  # fmt: skip
_COLUMN_NAMES: Final = _LABEL_NAMES | {
    "id", "index", "text", "texts", "sentence", "sentences", "document", "source", "target", "src", "tgt", "question",
    "answer", "input", "output", "translation", "summary", "title", "review", "comment", "content", "q", "a", "텍스트",
    "문장", "본문", "원문", "번역", "번역문", "질문", "답변", "요약", "제목", "내용", "리뷰", "댓글",
}  # fmt: skip
_NUMBER: Final = re.compile(r"\s*[-+]?[0-9][0-9.,:eE%-]*\s*")


@dataclasses.dataclass(frozen=True)
class Column:
    """One column of a table.

    place: its number, from 1. name: what the file calls it; None where it has no names.
    rows: all of the table. filled: those in which it is not blank; numbers: those in which it is one.
    characters: of all its cells. values: how often each occurs; None where there are too many for labels.
    """

    place: int
    name: str | None
    rows: int
    filled: int
    numbers: int
    characters: int
    values: Counter[str] | None

    @property
    def chosen_by(self) -> int | str:
        """What a recipe calls it."""
        return self.name or self.place

    @property
    def is_label(self) -> bool:
        few = max(2, min(MOST_LABELS, self.filled // ROWS_A_LABEL))
        is_short = self.characters <= LABEL_CHARACTERS * max(1, self.filled)
        return self.values is not None and 2 <= len(self.values) <= few and is_short

    @property
    def is_text(self) -> bool:
        varies = self.values is None or len(self.values) > 1
        return varies and not self.is_label and 2 * self.filled > self.rows and 2 * self.numbers < self.filled

    @property
    def is_called_a_label(self) -> bool:
        return (self.name or "").strip().casefold() in _LABEL_NAMES

    def __str__(self) -> str:
        return str(self.chosen_by)


def choose_columns(
    path: Path, wanted: Sequence[int | str] = (), languages: Sequence[str | None] = ()
) -> tuple[Column, ...]:
    """Two of a table's columns: a text and its label, or two texts; or those that are `wanted`.

    languages: of a table with more texts, those that its columns are called after.
    Raises DataError where there are not two, or more than two and nothing says which.
    """
    places = columns_of(path)
    if len(places) < 2 and not wanted:
        _refuse_one(path, places)
    if table_ending(path) == ".tmx":
        places = _of_memory(path, places, languages)
    columns = described(path, places)
    return tuple(_column(path, columns, one) for one in wanted) or _two(path, columns, languages)


def described(path: Path, places: Sequence[int | str]) -> tuple[Column, ...]:
    """The columns at these places, as `columns_of` found them; a first line that names them is no row."""
    places = tuple(places)
    first = list(itertools.islice(read_all_columns(path, places), LOOKED_AT))
    has_header = not has_names(path) and is_header(first)
    rows = itertools.islice(read_all_columns(path, places), int(has_header), None)
    names: Sequence[str | None] = [None] * len(places)
    if has_names(path):
        names = [str(one) for one in places]
    elif has_header:
        names = [cell.strip() for cell in first[0]]
    return tuple(_describe(rows, names))


def is_header(rows: Sequence[Row]) -> bool:
    """Whether the first of a table's first rows names its columns.

    Its cells are short, and no numbers. They are usual names or languages; or one of them stands over numbers alone, or
    over labels none of which it is.
    """
    if len(rows) < 2:
        return False
    head, others = [cell.strip() for cell in rows[0]], rows[1:]
    if len(set(head)) < len(head) or any(not 0 < len(cell) <= LABEL_CHARACTERS or _is_number(cell) for cell in head):
        return False
    if any(cell.casefold() in _COLUMN_NAMES for cell in head) or all(language_of(cell) for cell in head):
        return True
    return any(_differs(cell, [row[place] for row in others]) for place, cell in enumerate(head))


def _differs(head: str, cells: Sequence[str]) -> bool:
    """Whether a cell is no value of the column below it: all others are numbers, or labels that all come again."""
    if all(_is_number(cell) for cell in cells):
        return True
    counts = Counter(cell.strip() for cell in cells)
    return len(cells) >= 2 * ROWS_A_LABEL * len(counts) and head not in counts and min(counts.values()) > 1


def _describe(rows: Iterable[Row], names: Sequence[str | None]) -> list[Column]:
    width = len(names)
    count, filled, numbers, characters = 0, [0] * width, [0] * width, [0] * width
    values: list[Counter[str] | None] = [Counter() for _ in names]
    for row in rows:
        count += 1
        for place, cell in enumerate(row):
            if is_blank(cell):
                continue
            filled[place] += 1
            numbers[place] += _is_number(cell)
            characters[place] += len(cell)
            if (own := values[place]) is not None:
                own[cell.strip()] += 1
                if len(own) > LOOKED_AT:
                    values[place] = None
    return [
        Column(place + 1, name, count, filled[place], numbers[place], characters[place], values[place])
        for place, name in enumerate(names)
    ]


def _two(path: Path, columns: Sequence[Column], languages: Sequence[str | None]) -> tuple[Column, ...]:
    texts, labels = [one for one in columns if one.is_text], [one for one in columns if one.is_label]
    called = [one for one in labels if one.is_called_a_label] or labels
    if len(texts) == 1 and len(called) == 1:
        return texts[0], called[0]
    if len(texts) == 2 and not labels:
        return tuple(texts)
    of_languages = [_of_language(texts, one) for one in languages if one]
    if len(of_languages) == 2 and all(of_languages):
        return tuple(one for one in of_languages if one)
    kinds = f"{_listed(texts) or 'none'} of text and {_listed(labels) or 'none'} of labels"
    pair = ",".join(str(one.chosen_by) for one in (*texts, *labels)[:2]) or "1,2"
    raise DataError(
        f"{path} has columns {kinds}, expected a text and its translation, or a text and its label; choose two, as in "
        f"--columns {pair}"
    )


def _of_language(columns: Sequence[Column], language: str) -> Column | None:
    return next((one for one in columns if language_of((one.name or "").rpartition(".")[2]) == language), None)


def _of_memory(path: Path, found: Sequence[int | str], languages: Sequence[str | None]) -> tuple[int | str, ...]:
    """The two languages of a translation memory: those that are asked for, or all that it has."""
    wanted = [one.lower() for one in languages if one]
    if len(wanted) == 2:
        return tuple(wanted)
    if len(found) > 2:
        raise DataError(
            f"{path} has texts in {', '.join(map(str, found[:20]))}; name two, as in --from {found[0]} --to {found[1]}"
        )
    return tuple(found)


def _refuse_one(path: Path, places: Sequence[int | str]) -> NoReturn:
    if places == (1,):
        # Where lines have other marks than the file's name says, this tells it, with the remedy.
        next(read_table(TableFile(path, (1, 2))), None)
    raise DataError(f"{path} has one column, expected a text and its translation or label; add the other column")


def _column(path: Path, columns: Sequence[Column], wanted: int | str) -> Column:
    for one in columns:
        if wanted in (one.place, one.name):
            return one
    raise DataError(f"{path} has no column {wanted!r:.60}; it has {_listed(columns)[:200]}; name one of these")


def _listed(columns: Sequence[Column]) -> str:
    return ", ".join(map(str, columns))


def _is_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell) is not None
