"""What the files that somebody has are to learn from: pairs, labelled texts or a text, how much, in which languages."""

import dataclasses
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, Literal

from clearhead.data import LOOKED_AT, TableFile, check_file, has_names, is_table, read_lines, read_pairs, read_table
from clearhead.errors import DataError, UsageError
from clearhead.reading import find_table
from clearhead.starting.columns import Column, choose_columns
from clearhead.starting.languages import NONE, Languages, of_columns, of_one_file, of_two_files
from clearhead.text import is_blank

# What is in the name of a file to validate with.
_HELD: Final = frozenset({"val", "valid", "validate", "validation", "dev"})
# Fewer examples than these teach nothing, and leave too few to validate with.
LEAST: Final = 20
# A side of more bytes is long: it has about 120 tokens.
LONG: Final = 480
# In the order of its labels a table changes from one to another so many times for each, at most.
_CHANGES: Final = 2
Task = Literal["translation", "classification", "language-modelling"]


@dataclasses.dataclass(frozen=True)
class Found:
    """What there is to learn from.

    training, validation: two files of pairs, or a table, or a text; none to validate with where nothing is named so.
    columns: those of a table, as a recipe names them. languages: from which to which, where that is known.
    examples: pairs, rows or lines. size: bytes of UTF-8, both sides together. long: how many examples have a side of
    more than `LONG` bytes. labels: how often each occurs.
    """

    task: Task
    training: tuple[Path, ...]
    validation: tuple[Path, ...]
    columns: tuple[int | str, ...]
    languages: Languages
    examples: int
    size: int
    long: int
    labels: Counter[str]


def find_corpus(files: Sequence[Path], languages: Languages = NONE, columns: Sequence[int | str] = ()) -> Found:
    """What these files are, by their names and by what is in them, which is read whole.

    languages, columns: what was said of them; where nothing was, it is found.
    Raises DataError for what cannot be read or learned from, UsageError for files that are no corpus together.
    """
    for path in files:
        check_file(path)
    training, validation = _parts(files)
    if len(training) == 1 and _has_columns(training[0], columns):
        return _of_table(training, validation, languages, columns)
    if columns:
        raise UsageError(f"--columns is for a table; leave it out, as {training[0]} has none")
    for path in (*training, *validation):
        _require_sentences(path)
    return _of_pairs(training, validation, languages) if len(training) == 2 else _of_text(training, validation)


def _parts(files: Sequence[Path]) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The files to learn from and those to validate with, which their names tell."""
    if len({path.resolve() for path in files}) < len(files):
        raise UsageError(f"{', '.join(map(str, files))}: a file is named twice; name each once")
    held = tuple(path for path in files if _HELD & set(re.split(r"[\W_]+", path.name.lower())))
    training = tuple(path for path in files if path not in held)
    if not training:
        training, held = held, ()
    if len(training) > 2 or len(held) not in (0, len(training)):
        raise UsageError(
            f"{', '.join(map(str, files))} are {len(training)} files to learn from and {len(held)} to validate with; "
            "expected one table, one text or two files of pairs, and as many with validation in their names, or none"
        )
    if len(training) == 2 and (table := next((path for path in training if _has_columns(path)), None)):
        raise UsageError(f"{table} is a table, which has both sides of pairs; name it alone, or two plain files")
    return training, held


def _has_columns(path: Path, columns: Sequence[int | str] = ()) -> bool:
    """Whether a file is a table: by its name, or as nearly all of its lines have tabs."""
    if is_table(path) or columns:
        return True
    lines = [line for line in itertools.islice(read_lines(path), LOOKED_AT) if not is_blank(line)]
    return len(lines) > 1 and sum("\t" in line.strip() for line in lines) >= 0.9 * len(lines)


def _require_sentences(path: Path) -> None:
    """Raise DataError where a plain file's lines are a table of another kind."""
    if table := find_table(itertools.islice(read_lines(path), LOOKED_AT)):
        raise DataError(f"{path} {table.what}; {table.remedy}")


def _of_pairs(training: Sequence[Path], validation: Sequence[Path], languages: Languages) -> Found:
    known = of_two_files(training[0].name, training[1].name)
    count, size, long = _measure(training[0], read_pairs(*training))
    for _ in read_pairs(*validation) if validation else ():
        pass
    return Found(
        "translation", tuple(training), tuple(validation), (), _said(languages, known), count, size, long, Counter()
    )


def _of_text(training: Sequence[Path], validation: Sequence[Path]) -> Found:
    count, size, long = _measure(training[0], ((line,) for line in read_lines(training[0])))
    for _ in read_lines(validation[0]) if validation else ():
        pass
    return Found("language-modelling", tuple(training), tuple(validation), (), NONE, count, size, long, Counter())


def _of_table(
    training: Sequence[Path], validation: Sequence[Path], languages: Languages, wanted: Sequence[int | str]
) -> Found:
    path = training[0]
    chosen = choose_columns(path, wanted, languages)
    named = tuple(one.chosen_by for one in chosen)
    texts = chosen[:1] if chosen[-1].is_label else chosen
    count, size, long = _measure(path, (row[: len(texts)] for row in read_table(TableFile(path, named))))
    for _ in read_table(TableFile(validation[0], named)) if validation else ():
        pass
    found = Found("translation", tuple(training), tuple(validation), named, NONE, count, size, long, Counter())
    if len(chosen) == 1:
        return dataclasses.replace(found, task="language-modelling")
    if len(texts) == 1:
        labels = Counter(chosen[1].values or ())
        if not validation:
            _require_mixed(path, named, chosen[1], len(labels))
        return dataclasses.replace(found, task="classification", labels=labels)
    by_columns = of_columns([one.name for one in chosen])
    known = by_columns if by_columns != NONE else of_one_file(path.name)
    return dataclasses.replace(found, languages=_said(languages, known))


def _measure(path: Path, examples: Iterable[Sequence[str]]) -> tuple[int, int, int]:
    """How many examples without a blank side there are, their bytes, and how many are long."""
    count = size = long = 0
    for sides in examples:
        if not any(map(is_blank, sides)):
            sizes = [len(side.encode("utf-8", "surrogatepass")) + 1 for side in sides]
            count, size, long = count + 1, size + sum(sizes), long + (max(sizes) > LONG)
    if count < LEAST:
        raise DataError(f"{path} has {count} examples that are not blank, expected {LEAST} or more; give more text")
    return count, size, long


def _require_mixed(path: Path, columns: Sequence[int | str], label: Column, labels: int) -> None:
    """Raise DataError where rows stand in the order of their labels: the last of them, to validate with, have one."""
    rows: Iterator[str] = (row[-1].strip() for row in read_table(TableFile(path, tuple(columns))))
    changes = sum(one != other for one, other in itertools.pairwise(rows))
    if changes < _CHANGES * labels and label.rows > 4 * _CHANGES * labels:
        has_header = label.name is not None and not has_names(path)
        mix = "(head -n 1 FILE; tail -n +2 FILE | shuf) > NEW" if has_header else "shuf FILE > NEW"
        raise DataError(
            f"{path} stands in the order of its labels, so that its last rows could not validate; mix its rows first, "
            f"as in {mix}"
        )


def _said(said: Languages, known: Languages) -> Languages:
    """What was said of the languages, and else what is known."""
    return said[0] or known[0], said[1] or known[1]
