"""From a corpus of documents to batches: those of an epoch, those of a validation, and the largest of all."""

import itertools
from collections.abc import Iterator

import numpy as np
import torch

from clearhead.data import (
    PackedRows,
    PreparedText,
    TextBatch,
    Windows,
    collate_packed_windows,
    collate_windows,
    cut,
)
from clearhead.data.planning import draw, generator_for, shuffled
from clearhead.recipe import ResolvedTraining
from clearhead.tasks.rows import planned_rows, rows_to_judge
from clearhead.text import Tokenizer


def padding_of(tokenizer: Tokenizer) -> int:
    """What stands where nothing is to be predicted: -1 where the id that is padding is one that a model writes.

    A model that was trained elsewhere may have its end for padding. By that id its end would never be learned.
    """
    return -1 if tokenizer.padding in (tokenizer.begin, tokenizer.end) else tokenizer.padding


def epoch_batches(
    training: ResolvedTraining, corpus: PreparedText, tokenizer: Tokenizer, max_length: int, epoch: int, first: int = 0
) -> Iterator[TextBatch]:
    """The batches of an epoch from number `first` on: pieces of `max_length` places at most, in random order.

    Where rows are packed they hold several pieces. But where each document fills a row or more, a row holds one piece:
    next to no place is lost by that, and attention needs no mask.
    """
    padding = padding_of(tokenizer)
    if training.packing:
        rows, length = training.packed_shape
        if length <= max_length and corpus.shortest >= length:
            windows = cut(corpus.documents, length, seed=training.seed, epoch=epoch)
            for one in itertools.islice(_one_a_row(windows, rows, training.seed, epoch), first, None):
                yield collate_windows(windows, one.indices, padding, (rows, length))
            return
    for windows, planned in planned_rows(training, corpus, max_length, epoch, first):
        if isinstance(planned, PackedRows):
            yield collate_packed_windows(windows, planned, length, padding)
        else:
            yield collate_windows(windows, planned, padding)


def batches_to_judge(
    corpus: PreparedText, max_length: int, context: int, batch_tokens: int, padding: int
) -> Iterator[TextBatch]:
    """Batches in which each token of a corpus is predicted once, from at least `context` before it where there are."""
    for windows, indices in rows_to_judge(corpus, max_length, batch_tokens, context):
        yield collate_windows(windows, indices, padding)


def full_batch(rows: int, length: int, max_length: int, packing: bool) -> TextBatch:
    """Rows of `length` places without padding."""
    ids = torch.zeros((rows, length), dtype=torch.long)
    numbers = (1 + torch.arange(length) // max_length).expand(rows, -1)
    # No id is padding, so that every place counts.
    return TextBatch(ids, ids, ids.numel(), -1, numbers.contiguous() if packing else None)


def _one_a_row(windows: Windows, rows: int, seed: int, epoch: int) -> Iterator[PackedRows]:
    generator = generator_for(seed, epoch)
    drawn = draw(len(windows.lengths), windows.weights, generator)
    order = drawn[shuffled(len(drawn), generator)]
    for start in range(0, len(order), rows):
        some = order[start : start + rows]
        yield PackedRows(some, np.ones(len(some), np.int64))
