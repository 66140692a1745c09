"""Two systems beside each other: by each metric, by length, and sentence by sentence."""

import dataclasses
from collections.abc import Mapping, Sequence

from clearhead.evaluation.lengths import LengthGroup, by_length
from clearhead.evaluation.metrics import composed, metrics
from clearhead.evaluation.significance import Difference, differences


@dataclasses.dataclass(frozen=True)
class Change:
    """A line that two systems translate otherwise.

    number: from 1. source: empty where none is known. first_chrf, second_chrf: of this line alone.
    """

    number: int
    source: str
    reference: str
    first: str
    second: str
    first_chrf: float
    second_chrf: float

    @property
    def gain(self) -> float:
        """By how much the second is better."""
        return self.second_chrf - self.first_chrf


@dataclasses.dataclass(frozen=True)
class Comparison:
    """names: of both systems. lines: how many. exact: percent of lines that each has exactly right.

    differences: by metric. lengths: the shortest first. changes: all lines that differ, what gains most first.
    """

    names: tuple[str, str]
    lines: int
    exact: tuple[float, float]
    differences: Mapping[str, Difference]
    lengths: Sequence[LengthGroup]
    changes: Sequence[Change]

    @property
    def gains(self) -> Sequence[Change]:
        """The lines that the second system has better, most so first."""
        return [one for one in self.changes if one.gain > 0]

    @property
    def losses(self) -> Sequence[Change]:
        """The lines that the second system has worse, most so first."""
        return [one for one in reversed(self.changes) if one.gain < 0]


def compare(
    first: Sequence[str],
    second: Sequence[str],
    references: Sequence[str],
    *,
    sources: Sequence[str] | None = None,
    tokenize: str = "13a",
    names: tuple[str, str] = ("A", "B"),
) -> Comparison:
    """Compare two systems' lines, one for each reference, and for each source where those are known.

    tokenize: as `metrics` takes it.
    """
    right, lines = composed(references), (composed(first), composed(second))
    exact = [100 * sum(map(str.__eq__, one, right)) / len(right) for one in lines]
    return Comparison(
        names,
        len(right),
        (exact[0], exact[1]),
        differences(first, second, references, tokenize),
        by_length((first, second), references, tokenize),
        _changes(*lines, right, sources or [""] * len(right)),
    )


def _changes(
    first: Sequence[str], second: Sequence[str], references: Sequence[str], sources: Sequence[str]
) -> tuple[Change, ...]:
    """Those of equal gain as they stand in the files."""
    chrf = metrics()["chrf"]

    def score(line: str, reference: str) -> float:
        return float(chrf.sentence_score(line, [reference]).score)

    found = [
        Change(number, source, right, one, other, score(one, right), score(other, right))
        for number, (source, right, one, other) in enumerate(zip(sources, references, first, second, strict=True), 1)
        if one != other
    ]
    return tuple(sorted(found, key=lambda change: -change.gain))
