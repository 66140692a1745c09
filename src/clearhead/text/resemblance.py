"""Which of two kinds of text others are like, by rows of three characters: in any languages, of one script or two."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import final

# So much of a line tells what language it is in.
_LOOKED_AT = 500
# What stands for rows that were not seen.
_UNSEEN = 0.5

# What separates languages: of thirty lines each of English, German, French and Czech, a held-out line leans by 0.8 or
# more to its own; of a thousand lines of articles and their summaries by 0.5, of thirty by none.
_LANGUAGES = 0.8
# What is told apart so far from its own kind is of the other. Text of another domain leans by 0.2 either way.
_OTHER = 0.3


@final
class Resemblance:
    """Two kinds of text, told apart by their trigrams as naive Bayes does; trigrams as in Cavnar and Trenkle (1994)."""

    def __init__(self, one: Iterable[str], other: Iterable[str]) -> None:
        self._one, self._other = _counts(one), _counts(other)
        self._kinds = len(self._one.keys() | self._other.keys()) + 1
        self._totals = self._one.total(), self._other.total()

    def leaning(self, lines: Iterable[str]) -> float:
        """How much more probable a trigram of these lines is in the first kind than in the second, on average.

        In natural logarithms: above 0 for lines like the first, below 0 for lines like the second. Two languages differ
        by 1 or more, two manners of one language by some tenths.
        """
        counts = _counts(lines)
        first, second = (math.log(total + _UNSEEN * self._kinds) for total in self._totals)
        found = sum(
            count * (math.log(self._one[row] + _UNSEEN) - first - math.log(self._other[row] + _UNSEEN) + second)
            for row, count in counts.items()
        )
        return found / max(1, counts.total())


def are_swapped(sources: Sequence[str], targets: Sequence[str], like: tuple[Sequence[str], Sequence[str]]) -> bool:
    """Whether sources are in the language of the targets of other pairs, and targets in that of their sources.

    like: the sources and the targets of the others. Where both sides are in one language it is never so.
    """
    kinds = Resemblance(*like)
    return kinds.leaning(sources) < -_OTHER and kinds.leaning(targets) > _OTHER


def are_like_sources(sources: Sequence[str], targets: Sequence[str], written: Sequence[str]) -> bool:
    """Whether what a model has written is in the language of the sources and not in that of the targets.

    False where these are in one language: a summary is like its article. Half of the lines tell the others apart.
    """
    halves = Resemblance(sources[::2], targets[::2])
    if min(halves.leaning(sources[1::2]), -halves.leaning(targets[1::2])) < _LANGUAGES:
        return False
    return Resemblance(sources, targets).leaning(written) > _OTHER


def _counts(lines: Iterable[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for line in lines:
        text = f" {' '.join(line[:_LOOKED_AT].casefold().split())} "
        found.update(text[place : place + 3] for place in range(len(text) - 2))
    return found
