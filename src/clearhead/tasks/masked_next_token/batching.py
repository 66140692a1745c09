"""From a corpus of documents to batches of two kinds, which share weights and never a row."""

import dataclasses
import itertools
from collections.abc import Iterator

import numpy as np
import torch

from clearhead.data import (
    Masking,
    PackedRows,
    PreparedText,
    TextBatch,
    TwoWayBatch,
    Windows,
    collate_masked_next,
    collate_packed_windows,
    collate_windows,
    one_a_row,
)
from clearhead.data.masking import drawn
from clearhead.recipe import ResolvedTraining
from clearhead.tasks.language_modelling.batching import batches_to_judge as next_tokens_to_judge
from clearhead.tasks.language_modelling.batching import full_batch as full_text_batch
from clearhead.tasks.masks import masking_of_epoch, masking_to_judge
from clearhead.tasks.rows import planned_rows, rows_to_judge
from clearhead.text import Tokenizer


def epoch_batches(
    training: ResolvedTraining, corpus: PreparedText, tokenizer: Tokenizer, max_length: int, epoch: int, first: int = 0
) -> Iterator[TwoWayBatch]:
    """The batches of an epoch from number `first` on, of which each document stands in one; some are masked."""
    assert training.masking is not None
    assert training.masking.batches is not None
    masking = masking_of_epoch(training.masking, tokenizer, training.seed, epoch)
    kinds = masked_ones(masking, training.masking.batches, first)
    for windows, rows in planned_rows(training, corpus, max_length, epoch, first, ahead=0):
        yield _collated(training, windows, rows, tokenizer, masking if next(kinds) else None)


def masked_ones(masking: Masking, share: float, first: int = 0) -> Iterator[bool]:
    """Which batches of an epoch are masked, from number `first` on: this share of them, as evenly as can be.

    Where the first of them stands is drawn for each epoch, so that a corpus of one batch is read both ways.
    """
    [start] = drawn(masking.key, np.array([-1]))
    for number in itertools.count(first):
        yield int((number + 1) * share + start) > int(number * share + start)


def _collated(
    training: ResolvedTraining,
    windows: Windows,
    rows: PackedRows | np.ndarray,
    tokenizer: Tokenizer,
    masking: Masking | None,
) -> TwoWayBatch:
    """masking: what is masked of these rows; None where each next token is predicted."""
    padding, is_packed = tokenizer.padding, isinstance(rows, PackedRows)
    packed, length = (rows, training.packed_shape[1]) if isinstance(rows, PackedRows) else one_a_row(rows, windows)
    if masking is not None:
        return collate_masked_next(windows, packed, length, padding, masking, share_rows=is_packed)
    windows = without_ends(windows, tokenizer.end)
    if is_packed:
        return _of_next(collate_packed_windows(windows, packed, length, padding))
    # A piece that was an end alone has nothing left to read.
    return _of_next(collate_windows(windows, packed.indices[windows.lengths[packed.indices] > 0], padding))


def without_ends(windows: Windows, end: int) -> Windows:
    """The same pieces but for the ends that they read: nothing comes after these."""
    is_end = windows.ids[windows.starts + windows.lengths - 1] == end
    return dataclasses.replace(windows, lengths=windows.lengths - is_end)


def _of_next(text: TextBatch) -> TwoWayBatch:
    return TwoWayBatch(text, torch.tensor(False), is_masked=False)


def batches_to_judge(
    training: ResolvedTraining, corpus: PreparedText, tokenizer: Tokenizer, max_length: int
) -> Iterator[TwoWayBatch]:
    """A whole corpus twice: batches in which each token is predicted as the next one, then with masked places."""
    for text in next_tokens_to_judge(corpus, max_length, 0, training.batch_tokens, tokenizer.padding):
        yield _of_next(text)
    assert training.masking is not None
    masking = masking_to_judge(training.masking, tokenizer)
    for windows, indices in rows_to_judge(corpus, max_length, training.batch_tokens, ahead=0):
        yield collate_masked_next(windows, *one_a_row(indices, windows), tokenizer.padding, masking, share_rows=False)


def full_batch(rows: int, length: int, max_length: int, packing: bool) -> TwoWayBatch:
    """Rows of `length` places without padding, each of which sees all and is predicted."""
    return TwoWayBatch(full_text_batch(rows, length, max_length, packing), torch.tensor(True), is_masked=True)
