"""Several pairs in each row: the plan of an epoch whose batches all have one shape, and those batches.

A GPU is fast where each step has the shape of the one before: the step can then be compiled and recorded once. Pairs of
any lengths fill rows of one length, on both sides at once, so that hardly a place is left to padding.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from clearhead.data.batches import Batch
from clearhead.data.planning import check_widths, draw, generator_for, shuffled
from clearhead.data.token_file import ParallelCorpus, Sequences
from clearhead.model import Segments

# So many examples are fitted together. More fill rows better (Multi30k's words, in rows of 128: 95.7 % of the places at
# 500, 96.4 % at 1,000, 97.0 % all together) and take longer, as all of their rows are looked at for each of them.
_TOGETHER: Final = 1_000
# An epoch is packed in parts of about so many examples, each when its batches are asked for: 50 ms now and then, in
# which a GPU still has work, instead of some seconds at once.
_PART: Final = 20_000


@dataclass(frozen=True)
class PackedRows:
    """Which examples stand in which row of a batch.

    Attributes:
        indices: the examples, row by row.
        counts: how many of them each row has; 0 where a row is left empty.
    """

    indices: NDArray[np.int64]
    counts: NDArray[np.int64]

    def followed_by(self, other: "PackedRows") -> "PackedRows":
        """These rows and then the other ones."""
        return PackedRows(np.concatenate((self.indices, other.indices)), np.concatenate((self.counts, other.counts)))

    def split(self, stops: Sequence[int]) -> list["PackedRows"]:
        """The rows up to each of these numbers, and from the last on."""
        counts = np.split(self.counts, stops)
        ends = np.cumsum([some.sum() for some in counts])[:-1]
        return [PackedRows(*pair) for pair in zip(np.split(self.indices, ends), counts, strict=True)]


def pack(
    source_lengths: NDArray[np.integer[Any]],
    target_lengths: NDArray[np.integer[Any]],
    *,
    rows: int,
    length: int,
    seed: int,
    epoch: int,
    weights: NDArray[np.floating[Any]] | None = None,
) -> Iterator[PackedRows]:
    """The batches of one epoch, each of `rows` rows, whose sources and whose targets fit into `length` places.

    They are a pure function of the arguments, as those of `plan` are. Which examples share a row, and which rows a
    batch, is random. The last rows of an epoch are shared out evenly, with empty rows beside them.

    Args:
        source_lengths, target_lengths, weights: as of `plan`.
        rows: how many rows a batch has.
        length: how many places a row has, for its sources and for its targets.

    Raises:
        DataError: an example alone is longer than `length`, or the weights are not numbers ≥ 0 with a sum > 0.
    """
    generator = generator_for(seed, epoch)
    drawn = draw(len(source_lengths), weights, generator)
    check_widths(source_lengths, target_lengths, drawn, length, "packed_length")
    drawn = drawn[shuffled(len(drawn), generator)]
    parts = np.array_split(drawn, max(1, math.ceil(len(drawn) / _PART)))
    waiting = PackedRows(drawn[:0], drawn[:0])
    for number, part in enumerate(parts, start=1):
        waiting = waiting.followed_by(_packed(part, source_lengths[part], target_lengths[part], length, generator))
        count = len(waiting.counts)
        if number < len(parts):
            # What does not make a whole batch waits for the next part.
            *batches, waiting = waiting.split(range(rows, count + 1, rows))
        else:
            most = max(1, math.ceil(count / rows))
            batches = waiting.split([count * batch // most for batch in range(1, most)])
        for batch in batches:
            if len(batch.counts):
                yield PackedRows(batch.indices, np.pad(batch.counts, (0, rows - len(batch.counts))))


def _packed(
    examples: NDArray[np.int64],
    source: NDArray[np.integer[Any]],
    target: NDArray[np.integer[Any]],
    length: int,
    generator: np.random.Generator,
) -> PackedRows:
    """The examples, whose sides have these lengths, in as many rows as they need, which are in random order."""
    used, row = np.unique(_first_fit(source, target, length), return_inverse=True)
    row = shuffled(len(used), generator)[row]
    return PackedRows(examples[np.argsort(row, kind="stable")], np.bincount(row, minlength=len(used)))


def _first_fit(
    source: NDArray[np.integer[Any]], target: NDArray[np.integer[Any]], length: int
) -> NDArray[np.integer[Any]]:
    """The number of each example's row: the longest first, each in the first row that has room for both of its sides.

    Source: first-fit decreasing, Johnson 1973. Groups of examples are fitted beside each other, each into rows of its
    own, so that NumPy takes a step of all groups at once; some numbers are left out.
    """
    groups = max(1, len(source) // _TOGETHER)
    steps = -(-len(source) // groups)
    # What is missing in the last step is an example without length, which fits anywhere.
    lengths = np.zeros((2, steps, groups), dtype=np.int32)
    lengths.reshape(2, -1)[:, : len(source)] = source, target
    order = np.argsort(-lengths.max(axis=0), axis=0, kind="stable")
    lengths = np.take_along_axis(lengths, order[None], axis=1)
    room = np.full((2, groups, 1 + int(lengths.sum(axis=1).max() / length)), length, dtype=np.int32)
    group, row = np.arange(groups), np.empty((steps, groups), dtype=np.int64)
    for step in range(steps):
        needed = lengths[:, step, :, None]
        while not (fits := (room[0] >= needed[0]) & (room[1] >= needed[1])).any(axis=1).all():
            room = np.pad(room, ((0, 0), (0, 0), (0, 1 + room.shape[2] // 16)), constant_values=length)
        chosen = fits.argmax(axis=1)
        room[:, group, chosen] -= lengths[:, step]
        row[step] = chosen * groups + group
    numbers = np.empty_like(row)
    np.put_along_axis(numbers, order, row, axis=0)
    return numbers.ravel()[: len(source)]


def collate_packed(corpus: ParallelCorpus, packed: PackedRows, length: int, begin: int, padding: int) -> Batch:
    """The examples of `packed` as one batch of rows of `length` places.

    Args:
        begin: the id that starts each target of `target_input`.
        padding: the id that fills the rest of each row.
    """
    source, source_layout = laid_out(corpus.source, packed, length)
    target, target_layout = laid_out(corpus.target, packed, length)
    shifted = np.empty_like(target)
    shifted[1:] = target[:-1]
    shifted[target_layout.begins] = begin
    return Batch(
        source_layout.rows(source, padding),
        target_layout.rows(shifted, padding),
        target_layout.rows(target, padding),
        len(source),
        len(target),
        padding,
        Segments(source_layout.rows(source_layout.numbers, 0), target_layout.rows(target_layout.numbers, 0)),
    )


@dataclass(frozen=True)
class Layout:
    """Where the ids of some examples, one after the other, stand in rows.

    begins: which ids are the first of an example. places: each id's place, all rows one after the other.
    numbers: which example of its row each id belongs to, from 1 on. shape: rows and places.
    """

    begins: NDArray[np.int64]
    places: NDArray[np.int64]
    numbers: NDArray[np.int64]
    shape: tuple[int, int]

    def rows(self, values: NDArray[Any], rest: int) -> torch.Tensor:
        """These values at their places, `rest` at all others."""
        found = np.full(self.shape, rest, dtype=np.int64)
        found.ravel()[self.places] = values
        return torch.from_numpy(found)


def laid_out(side: Sequences, packed: PackedRows, length: int) -> tuple[NDArray[Any], Layout]:
    """The ids of the examples of `packed`, one after the other, and where they stand in rows of `length` places."""
    ids, lengths = side.gather(packed.indices)
    begins = np.cumsum(lengths, dtype=np.int64) - lengths
    row = np.repeat(np.arange(len(packed.counts)), packed.counts)
    first = (np.cumsum(packed.counts) - packed.counts)[row]
    # From its place among all ids to that in its row, in which the first example begins at 0.
    moved = np.repeat(row * length - begins[first], lengths)
    numbers = np.repeat(np.arange(len(row)) - first + 1, lengths)
    return ids, Layout(begins, np.arange(len(ids)) + moved, numbers, (len(packed.counts), length))
