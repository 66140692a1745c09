"""What is probably a mistake in the files that a model learns from, though they can be read: a warning each.

All of it is found in one pass over the training files, in constant memory but for a hash of each validation pair and
the first lines of each file.
"""

import csv
import itertools
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from clearhead.data.corpus import read_lines, read_pairs
from clearhead.data.prepare import Direction
from clearhead.reading import REMEDY_FOR_RETURNS
from clearhead.text import has_inner_return, is_blank

# So many lines tell whether a file is a table, and fewer than these few do not.
_LOOKED_AT, _FEW = 1000, 5
# The share of lines with the same number of separators that makes a table, by the separator. Tabs stand in no sentence.
_TABLE: Final = {"\t": 0.9, "|||": 0.9, ",": 0.98, ";": 0.98, "|": 0.98}
_NAMES: Final = {"\t": "a tab", "|||": "|||", ",": "a comma", ";": "a semicolon", "|": "a vertical bar"}
_MOST_JSON: Final = 0.9
_QUOTED: Final = r'"(?:[^"]|"")*"'
# The share of pairs that are the same on both sides, and of validation pairs that are trained on.
_MOST_SAME, _MOST_SHARED = 0.5, 0.01


def doubts(training: Sequence[Direction], validation: Sequence[Direction]) -> Iterator[str]:
    """What a person should look at before a model learns from these files, a line each; nothing where all seems well.

    A file that is both sides, or a table, or has line ends of old Macs among others; a corpus in which most pairs are
    the same on both sides; validation pairs that are trained on. Raises DataError as `read_pairs`.
    """
    files = dict.fromkeys(path for one in (*training, *validation) for path in (one.source, one.target))
    yield from (line for path in files if (line := _table(path)))
    yield from (line for one in dict.fromkeys((*training, *validation)) if (line := _same_file(one)))
    held = [_Held.of(one) for one in validation]
    returns: dict[Path, list[int]] = {}
    for direction in training:
        pairs = same = 0
        for source, target in read_pairs(direction.source, direction.target):
            pairs += 1
            for path, text in ((direction.source, source), (direction.target, target)):
                if has_inner_return(text):
                    returns.setdefault(path, [pairs, 0])[1] += 1
            one_side, other_side = _folded(source), _folded(target)
            same += one_side == other_side and not is_blank(source)
            key = hash((one_side, other_side))
            for one in held:
                if key in one.counts:
                    one.met.add(key)
        if same > _MOST_SAME * pairs and not _is_one_file(direction):
            yield (
                f"{same:,} of {pairs:,} pairs of {direction} are the same on both sides, so the model learns to copy; "
                "give each line's translation as its target"
            )
    yield from (
        f"{path} has a CR between the words of a line ({count:,} times, first in line {first:,}), which ends no line; "
        f"{REMEDY_FOR_RETURNS}"
        for path, (first, count) in returns.items()
    )
    yield from (line for one in held if (line := one.doubt()))


@dataclass(frozen=True)
class _Held:
    """A validation corpus: how often each pair occurs, by its hash, and which of them were met in training."""

    direction: Direction
    counts: Counter[int]
    met: set[int]

    @classmethod
    def of(cls, direction: Direction) -> "_Held":
        pairs = read_pairs(direction.source, direction.target)
        kept = (pair for pair in pairs if not any(map(is_blank, pair)))
        return cls(direction, Counter(hash((_folded(one), _folded(other))) for one, other in kept), set())

    def doubt(self) -> str | None:
        pairs, shared = self.counts.total(), sum(self.counts[key] for key in self.met)
        if not shared or shared < _MOST_SHARED * pairs:
            return None
        return (
            f"{shared:,} of {pairs:,} validation pairs of {self.direction} are trained on, too, so that validation "
            "tells nothing of new text; take them out of the training files"
        )


def _folded(text: str) -> str:
    """A text for comparing: in one case and one normal form, with single spaces and none at its ends."""
    return " ".join(unicodedata.normalize("NFC", text.casefold()).split())


def _is_one_file(direction: Direction) -> bool:
    return direction.source.samefile(direction.target)


def _same_file(direction: Direction) -> str | None:
    if not _is_one_file(direction):
        return None
    return (
        f"{direction.source} is both the source and the target, so the model learns to copy; name the file with the "
        "translations as the target"
    )


def _table(path: Path) -> str | None:
    lines = [line for line in itertools.islice(read_lines(path), _LOOKED_AT) if not is_blank(line)]
    if len(lines) < _FEW:
        return None
    if sum(map(_is_json, lines)) >= _MOST_JSON * len(lines):
        return (
            f"{path} looks like JSON Lines: nearly every line is an object or a list, and each is learned as one "
            "sentence; save each language's sentences as a text file of its own"
        )
    for separator, least in _TABLE.items():
        columns = Counter(_columns(line, separator) for line in lines)
        (most, count), *_ = columns.most_common(1)
        if most > 1 and count >= least * len(lines):
            return (
                f"{path} looks like a table: nearly every line has {most} columns, separated by {_NAMES[separator]}, "
                "and each is learned as one sentence; save each column as a text file of its own"
            )
    return None


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
    if re.fullmatch(f"{_QUOTED}(?:{re.escape(separator)} +{_QUOTED})+", line.strip()):
        return sum(1 for _ in re.finditer(_QUOTED, line))  # A space may follow where each cell is in quotes.
    try:
        row = next(csv.reader([line], delimiter=separator))
    except csv.Error:  # Such as a cell of more than 131,072 characters.
        return 1
    # In a sentence a space follows.
    return 1 if any(cell.startswith(" ") for cell in row[1:]) else len(row)
