"""Which target piece translates which source piece: IBM's model 1, learned from pairs of ids alone.

Each target piece of a sentence was made by one of the sentence's source pieces, whichever; how probable each is to make
it, t(target | source), is learned by expectation maximisation.

Source: Brown, Della Pietra, Della Pietra and Mercer (1993), "The Mathematics of Statistical Machine Translation:
Parameter Estimation", section 4.1. Their empty word is left out: every source of a prepared corpus has an end symbol,
which serves as one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from clearhead.data.token_file import TokenFile
from clearhead.errors import DataError

# What a source piece makes more rarely is forgotten: most of what has stood in one of its sentences, and nothing more.
_LEAST: Final = 1e-5
# So many target tokens are looked at together: enough to keep NumPy busy, few enough to stay in the cache.
_CHUNK: Final = 1 << 17

Ids = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Lexicon:
    """t(target | source), the entries that matter.

    Source piece s has the entries offsets[s] to offsets[s + 1] - 1 of the other two, its targets in rising order; none
    where the corpus did not have it.
    """

    offsets: NDArray[np.int64]
    targets: NDArray[np.int32]
    probabilities: NDArray[np.float32]

    def best(self, count: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Offsets and targets of the `count` most probable targets of each source piece (all, where there are fewer).

        Of equally probable ones those with the smaller ids are taken.
        """
        kept = []
        for first, last in zip(self.offsets[:-1], self.offsets[1:], strict=True):
            # The sort is stable, so equal ones keep the order of their ids.
            order = np.argsort(-self.probabilities[first:last], kind="stable")
            kept.append(self.targets[first:last][np.sort(order[:count])])
        return _offsets(np.array([len(targets) for targets in kept])), np.concatenate(kept)


def learn_lexicon(
    source: TokenFile, target: TokenFile, source_vocabulary: int, target_vocabulary: int, iterations: int = 4
) -> Lexicon:
    """Learn t(target | source) from sentence pairs: `source[i]` and `target[i]` translate each other.

    All begins alike; `iterations` times every target token is shared out among its sentence's source tokens as the
    present t has it, and the shares become the next t. Time and memory grow with the corpus: about 20 ns for each
    source token with each target token of its sentence and iteration, and 40 bytes a token.

    Raises DataError where the two do not have the same number of sentences.
    """
    if len(source) != len(target):
        raise DataError(f"{len(source)} sources but {len(target)} targets; give one target for each source")
    occurrences = _Occurrences(source, source_vocabulary, target)
    # Of each target token the sum of t(token | s) over its sentence's source tokens s, while every t is 1.
    sums = np.repeat(source.lengths, target.lengths).astype(np.float32)
    entries: list[_Entries] | None = None
    for _ in range(iterations):
        following = np.zeros_like(sums)
        learned = []
        for piece in range(source_vocabulary):
            before = None if entries is None else entries[piece]
            learned.append(_learn_piece(occurrences, piece, before, sums, following, target_vocabulary))
        entries, sums = learned, following
    entries = entries or [_NOTHING] * source_vocabulary
    return Lexicon(
        _offsets(np.array([len(targets) for targets, _ in entries])),
        np.concatenate([targets for targets, _ in entries]),
        np.concatenate([probabilities for _, probabilities in entries]),
    )


# The targets of one source piece and their probabilities.
_Entries = tuple[NDArray[np.int32], NDArray[np.float32]]
_NOTHING: Final = np.empty(0, np.int32), np.empty(0, np.float32)


def _learn_piece(
    occurrences: "_Occurrences",
    piece: int,
    before: _Entries | None,
    sums: NDArray[np.float32],
    following: NDArray[np.float32],
    target_vocabulary: int,
) -> _Entries:
    """One source piece's next entries, which are added to the sums of the `following` iteration, too."""
    table = np.ones(target_vocabulary, np.float32) if before is None else _spread(before, target_vocabulary)
    shares = np.zeros(target_vocabulary)
    for places, tokens, times in occurrences.of(piece):
        share = times * table[tokens]
        # A token whose sentence has forgotten it everywhere is nobody's.
        np.divide(share, sums[places], out=share, where=share > 0)
        shares += np.bincount(tokens, share, target_vocabulary)
    total = shares.sum()
    if not total:
        return _NOTHING
    shares /= total
    kept = np.flatnonzero(shares > _LEAST)
    entries = kept.astype(np.int32), shares[kept].astype(np.float32)
    table = _spread(entries, target_vocabulary)
    for places, tokens, times in occurrences.of(piece):
        following[places] += times * table[tokens]
    return entries


def _spread(entries: _Entries, target_vocabulary: int) -> NDArray[np.float32]:
    """The entries as a table of the whole vocabulary."""
    table = np.zeros(target_vocabulary, np.float32)
    table[entries[0]] = entries[1]
    return table


class _Occurrences:
    """Which sentences have a source piece, and the target tokens of these."""

    def __init__(self, source: TokenFile, source_vocabulary: int, target: TokenFile) -> None:
        count = max(1, len(source))
        sentences = np.repeat(np.arange(len(source)), source.lengths)
        # One entry for each piece and sentence, so that no place is added to twice at once.
        keys, times = np.unique(source.ids.astype(np.int64) * count + sentences, return_counts=True)
        self.sentences = keys % count
        self.times = times.astype(np.float32)
        self.offsets = _offsets(np.bincount(keys // count, minlength=source_vocabulary))
        self.lengths = target.lengths.astype(np.int64)
        self.starts = _offsets(self.lengths)
        self.tokens = target.ids

    def of(self, piece: int) -> Iterator[tuple[NDArray[np.int64], Ids, NDArray[np.float32]]]:
        """The places of these target tokens, their ids, and how many times their sentence has the piece."""
        first, last = self.offsets[piece], self.offsets[piece + 1]
        ends = np.cumsum(self.lengths[self.sentences[first:last]])
        while first < last:
            taken = max(1, int(np.searchsorted(ends, _CHUNK, side="right")))
            sentences, times = self.sentences[first : first + taken], self.times[first : first + taken]
            sizes = self.lengths[sentences]
            # For each token its place in the corpus: where its sentence starts there, less where it starts here.
            shifts = np.repeat(self.starts[sentences] - ends[:taken] + sizes, sizes)
            places = shifts + np.arange(len(shifts))
            yield places, self.tokens[places].astype(np.int64), np.repeat(times, sizes)
            first, ends = first + taken, ends[taken:] - ends[taken - 1]


def _offsets(sizes: Ids) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
