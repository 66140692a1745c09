"""Documents cut into rows: what a language model reads, and after each place the token that comes next.

A document of n ids (begin, its text, end) has n - 1 places: each reads an id and predicts the one after it. So begin is
never predicted and end never read. Where masked places are predicted, it has n: all are read.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearhead.data.token_file import TokenFile, runs


@dataclass(frozen=True)
class Windows:
    """Pieces of documents, each of which fits a row.

    Attributes:
        ids: all documents' ids, one after the other.
        starts: where in `ids` each piece begins to read.
        lengths: how many places each has.
        known: how many of its first places are there to be read alone, as another piece predicts what follows them.
        learned: for each of `ids` whether it is to be predicted; None where all are.
        weights: how many times each comes in an epoch, as its document does; None for once each.
    """

    ids: NDArray[Any]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int32]
    known: NDArray[np.int32]
    learned: NDArray[np.bool_] | None = None
    weights: NDArray[np.float64] | None = None

    def gather(self, indices: NDArray[np.integer[Any]]) -> tuple[NDArray[Any], NDArray[np.int32]]:
        """The ids that some pieces read, one after the other, and their lengths."""
        places, lengths = runs(self.starts[indices], self.lengths[indices])
        return self.ids[places], lengths

    def following(self, indices: NDArray[np.integer[Any]], padding: int) -> NDArray[Any]:
        """The ids that come after those of `gather`; padding where they are not to be predicted."""
        places, _ = runs(self.starts[indices] + 1, self.lengths[indices])
        return self.wanted(places, padding)

    def wanted(self, places: NDArray[np.integer[Any]], padding: int) -> NDArray[Any]:
        """What is to be predicted at these places of `ids`, padding where nothing is."""
        if self.learned is None:
            return self.ids[places]
        # Not as the file has them, in which no number is negative.
        return np.where(self.learned[places], self.ids[places].astype(np.int64), padding)


def cut(documents: TokenFile, length: int, *, seed: int, epoch: int, ahead: int = 1) -> Windows:
    """All documents in pieces of `length` places at most, each place in one of them.

    ahead: 1 where a place predicts the token after it, 0 where end is read, too.

    A document that is longer is cut at other places in each epoch: its first piece has a length that is drawn, from
    `seed` and `epoch` alone. All between the first and the last have `length` places.
    """
    places = documents.lengths.astype(np.int64) - ahead
    generator = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, epoch, 1])))
    drawn = (generator.random(len(places)) * length).astype(np.int64)
    return _cut(documents, length, length, np.where(places > length, drawn, 0), ahead)


def cut_to_judge(documents: TokenFile, length: int, context: int = 0, ahead: int = 1) -> Windows:
    """The same from each document's beginning, with at least `context` places before each one that is predicted.

    But at the beginning, where there are fewer. context: less than `length`; the more, the more pieces overlap.
    """
    return _cut(documents, length, length - context, np.zeros(len(documents), np.int64), ahead)


def _cut(documents: TokenFile, length: int, stride: int, first: NDArray[np.int64], ahead: int) -> Windows:
    """Each document in a piece of `first` places (0 for none), then in pieces that begin `stride` places apart."""
    places, begins = documents.lengths.astype(np.int64) - ahead, documents.begins
    rest = places - first
    # A piece more only where places are left that no piece before has.
    whole = 1 + np.maximum(0, -(-(rest - length) // stride))
    counts = (first > 0) + whole
    document = np.repeat(np.arange(len(places)), counts)
    number = np.arange(len(document)) - np.repeat(np.cumsum(counts) - counts, counts)
    number -= (first > 0)[document]  # -1 is the drawn one.
    offset = np.where(number < 0, 0, first[document] + np.maximum(number, 0) * stride)
    left = places[document] - offset
    lengths = np.where(number < 0, first[document], np.minimum(left, length))
    known = np.where(number > 0, length - stride, 0)
    weights = None if documents.weights is None else documents.weights[document]
    starts, lengths, known = begins[document] + offset, lengths.astype(np.int32), known.astype(np.int32)
    if documents.learned is not None:
        # A piece of which nothing is learned, as of a long question, would be a row for nothing.
        counts = np.concatenate([[0], np.cumsum(documents.learned, dtype=np.int64)])
        some = counts[starts + lengths + 1] > counts[starts + known + 1]
        starts, lengths, known = starts[some], lengths[some], known[some]
        weights = None if weights is None else weights[some]
    return Windows(documents.ids, starts, lengths, known, documents.learned, weights)
