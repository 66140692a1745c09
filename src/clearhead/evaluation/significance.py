"""Whether one system is better than another, or happened to be so on this test set."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from clearhead.evaluation.metrics import composed, metrics

# sacreBLEU's: the same seed, and as many samples, give the p-values that its paired tests give.
SEED: Final = 12345
RESAMPLES: Final = 1_000
SHUFFLES: Final = 10_000
# So many shuffles are held in memory at once. sacreBLEU's stream of random bits goes on where this is divisible by 32.
_AT_ONCE: Final = 320


@dataclasses.dataclass(frozen=True)
class Difference:
    """What two systems reach by one metric.

    bootstrap: how probable a difference as large as this one is by chance, by paired bootstrap (Koehn 2004).
    randomisation: the same by approximate randomisation (Riezler and Maxwell 2005).
    """

    first: float
    second: float
    bootstrap: float
    randomisation: float
    signature: str

    @property
    def gain(self) -> float:
        """The second less the first: of TER less is better."""
        return self.second - self.first


def differences(
    first: Sequence[str],
    second: Sequence[str],
    references: Sequence[str],
    tokenize: str = "13a",
    names: Sequence[str] = ("bleu", "chrf", "ter"),
) -> dict[str, Difference]:
    """Two systems' lines against one reference each, by each metric that is named.

    tokenize: as `metrics` takes it. The p-values are those of sacreBLEU's paired tests, in memory that does not grow
    with the number of samples.
    """
    known, right = metrics(tokenize), composed(references)
    return {name: _difference(known[name], composed(first), composed(second), right) for name in names}


def _difference(metric: Any, first: Sequence[str], second: Sequence[str], references: Sequence[str]) -> Difference:
    # What each line adds: sacreBLEU has no public name for it, and counts it anew for each test.
    one, other = (np.array(metric._extract_corpus_statistics(lines, [references]), float) for lines in (first, second))
    scores = _score(metric, one.sum(0)), _score(metric, other.sum(0))
    signature, found = str(metric.get_signature()), abs(scores[0] - scores[1])
    if not found:
        # No difference is never surprising; sacreBLEU would call it a rare one.
        return Difference(*scores, 1.0, 1.0, signature)
    chances = _by_bootstrap(metric, one, other, found), _by_shuffling(metric, one, other, found)
    return Difference(*scores, *chances, signature)


def _by_bootstrap(metric: Any, first: Any, second: Any, found: float) -> float:
    """The share of test sets drawn anew whose difference is as far from their mean as the one found is from none."""
    random, lines = np.random.default_rng(SEED), len(first)
    drawn = []
    for _ in range(RESAMPLES):
        chosen = random.integers(0, lines, size=lines)
        drawn.append(abs(_score(metric, second[chosen].sum(0)) - _score(metric, first[chosen].sum(0))))
    return _p_value(np.array(drawn) - np.mean(drawn), found)


def _by_shuffling(metric: Any, first: Any, second: Any, found: float) -> float:
    """The share of exchanges of lines between both systems that leave a difference larger than the one found."""
    drawn = [
        abs(_score(metric, one) - _score(metric, other))
        for kept in _shuffles(len(first))
        for one, other in zip(kept @ first + ~kept @ second, ~kept @ first + kept @ second, strict=True)
    ]
    return _p_value(np.array(drawn), found)


def _shuffles(lines: int) -> Iterator[Any]:
    """Which lines each system keeps, some shuffles at a time."""
    random = np.random.default_rng(SEED)
    for done in range(0, SHUFFLES, _AT_ONCE):
        yield random.integers(2, size=(min(_AT_ONCE, SHUFFLES - done), lines), dtype=bool)


def _p_value(drawn: Any, found: float) -> float:
    """One is added to both, so that chance alone falls below a level no more often than the level says."""
    return (int((drawn > found).sum()) + 1) / (len(drawn) + 1)


def _score(metric: Any, counts: Any) -> float:
    return float(metric._compute_score_from_stats(counts).score)
