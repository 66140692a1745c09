"""What is probably a mistake in the files that a model learns from, though they can be read: a warning each.

All of it is found in one pass over the training files, in constant memory but for a hash of each validation pair and
the first lines of each file.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clearhead.data.corpus import LOOKED_AT, read_lines
from clearhead.data.filters import folded
from clearhead.data.preparing import ParallelFiles
from clearhead.data.sides import Column, Side, side_path, whole_side
from clearhead.reading import REMEDY_FOR_RETURNS, Table, find_table
from clearhead.text import are_swapped, has_inner_return, is_blank, scripts_for, unread_scripts

# The share of pairs that are the same on both sides, or blank on one, and of validation pairs that are trained on.
_MOST_SAME, _MOST_BLANK, _MOST_SHARED = 0.5, 0.5, 0.01


def file_doubts(
    training: Sequence[ParallelFiles], validation: Sequence[ParallelFiles], tags: bool, target_is: str = "translation"
) -> Iterator[str]:
    """What a person should look at before a model learns from these files, a line each; nothing where all seems well.

    A file that is both sides, or a table, or has line ends of old Macs among others; a source and a target the wrong
    way round; a corpus in which most pairs are the same on both sides, or blank on one; validation pairs that are
    trained on; several languages to translate into where no tags tell the model which one. Raises DataError as
    `read_pairs`.

    target_is: what a pair's target is called.
    """
    sides = (side for one in (*training, *validation) for side in (one.source, one.target))
    files = dict.fromkeys(side for side in map(whole_side, sides) if not isinstance(side, Column))
    tables = {path: table for path in files if (table := find_table(itertools.islice(read_lines(path), LOOKED_AT)))}
    # What is said of a file that is both sides says what it is, too.
    both: set[Side] = {whole_side(one.source) for one in (*training, *validation) if _is_one_file(one)}
    yield from (_table(path, table) for path, table in tables.items() if path not in both)
    yield from (line for one in dict.fromkeys((*training, *validation)) if (line := _same_file(one, tables)))
    yield from _swapped(training, validation)
    if not tags:
        yield from _untagged(training)
    held = [_Held.of(one) for one in validation]
    returns: dict[Path, list[int]] = {}
    yield from (line for one in training if (line := _met_pairs(one, held, returns, target_is)))
    yield from (
        f"{path} has a CR between the words of a line ({count:,} times, first in line {first:,}), which ends no line; "
        f"{REMEDY_FOR_RETURNS}"
        for path, (first, count) in returns.items()
    )
    yield from (line for one in held if (line := one.doubt()))


def _met_pairs(
    direction: ParallelFiles, held: Sequence["_Held"], returns: dict[Path, list[int]], target_is: str
) -> str | None:
    """Go through a training corpus: what is wrong with its pairs.

    held: is told which of its pairs are met. returns: for each file in which a CR stands within a line, the first such
    line and how many there are. target_is: what a target is called.
    """
    pairs = same = blank = 0
    for source, target in direction.pairs():
        pairs += 1
        for side, text in ((direction.source, source), (direction.target, target)):
            if has_inner_return(text):
                returns.setdefault(side_path(side), [pairs, 0])[1] += 1
        one_side, other_side = folded(source), folded(target)
        blank += is_blank(source) or is_blank(target)
        same += one_side == other_side and not is_blank(source)
        key = hash((one_side, other_side))
        for one in held:
            if key in one.counts:
                one.met.add(key)
    if blank > _MOST_BLANK * pairs:
        return (
            f"{blank:,} of {pairs:,} pairs of {direction} have a blank side and are left out; "
            f"give each line's {target_is} as its target"
        )
    if same <= _MOST_SAME * pairs or _is_one_file(direction):
        return None
    return (
        f"{same:,} of {pairs:,} pairs of {direction} are the same on both sides, so the model learns to copy; "
        f"give each line's {target_is} as its target"
    )


@dataclass(frozen=True)
class _Held:
    """A validation corpus: how often each pair occurs, by its hash, and which of them were met in training."""

    direction: ParallelFiles
    counts: Counter[int]
    met: set[int]

    @classmethod
    def of(cls, direction: ParallelFiles) -> "_Held":
        pairs = direction.pairs()
        kept = (pair for pair in pairs if not any(map(is_blank, pair)))
        return cls(direction, Counter(hash((folded(one), folded(other))) for one, other in kept), set())

    def doubt(self) -> str | None:
        pairs, shared = self.counts.total(), sum(self.counts[key] for key in self.met)
        if not shared or shared < _MOST_SHARED * pairs:
            return None
        return (
            f"{shared:,} of {pairs:,} validation pairs of {self.direction} are trained on, too, so that validation "
            "tells nothing of new text; take them out of the training files"
        )


def _is_one_file(direction: ParallelFiles) -> bool:
    is_table = isinstance(whole_side(direction.source), Column)
    return not is_table and side_path(direction.source).samefile(side_path(direction.target))


def _same_file(direction: ParallelFiles, tables: Mapping[Path, Table]) -> str | None:
    if not _is_one_file(direction):
        return None
    if table := tables.get(side_path(direction.source)):
        return (
            f"{direction.source} is both the source and the target, and {table.what}: a table is not read by its "
            f"columns here; name it as one, as in {{table: {direction.source}, columns: [1, 2]}}"
        )
    return (
        f"{direction.source} is both the source and the target, so the model learns to copy; name the file with the "
        "translations as the target"
    )


def _swapped(training: Sequence[ParallelFiles], validation: Sequence[ParallelFiles]) -> Iterator[str]:
    """Which files are the wrong way round, as their scripts tell, or the first ones of the same languages."""
    turned = [one for one in dict.fromkeys((*training, *validation)) if _has_the_others_scripts(one)]
    for one in turned:
        yield (
            f"{one} is the wrong way round: its source is written as {one.to_language} is, and its target as "
            f"{one.from_language} is; exchange source and target, or from and to"
        )
    for place, one in enumerate((*training, *validation)):
        others = [other for other in training[:place] if _languages(other) == _languages(one)]
        if place >= len(training) and len(training) == 1:
            others = list(training)
        others = [] if one in turned else [other for other in others if other not in turned]
        if others and are_swapped(*_first_lines(one), _first_lines(others[0])):
            yield (
                f"{one} is the wrong way round: its source is in the language of {others[0].target}, and its target in "
                f"that of {others[0].source}; exchange source and target"
            )


def _has_the_others_scripts(direction: ParallelFiles) -> bool:
    """Whether most of the first sources are written as the target's language is, and their targets as the source's."""
    own, other = (scripts_for(one or "") for one in _languages(direction))
    if not own or not other or own & other:
        return False
    pairs = list(itertools.islice(direction.pairs(), LOOKED_AT))
    turned = (
        unread_scripts(source, own)
        and unread_scripts(target, other)
        and not unread_scripts(source, other)
        and not unread_scripts(target, own)
        for source, target in pairs
    )
    return 2 * sum(map(bool, turned)) > len(pairs)


def _untagged(training: Sequence[ParallelFiles]) -> Iterator[str]:
    """That nothing tells the model which of several languages is wanted."""
    languages = list(dict.fromkeys(one.to_language for one in training if one.to_language))
    if len(languages) > 1:
        yield (
            f"data.train translates into {', '.join(languages)}, and nothing tells the model which one is wanted, as "
            "text.tags is false; set text.tags=true, or train one model for each"
        )


def _languages(direction: ParallelFiles) -> tuple[str | None, str | None]:
    return direction.from_language, direction.to_language


def _first_lines(direction: ParallelFiles) -> tuple[tuple[str, ...], tuple[str, ...]]:
    sources, targets = zip(*itertools.islice(direction.pairs(), LOOKED_AT), strict=True)
    return sources, targets


def _table(path: Path, table: Table) -> str:
    return f"{path} {table.what}, and each is learned as one sentence; {table.remedy}"
