"""From a corpus of documents to batches with masked places: those of an epoch, of a validation, and the largest."""

from collections.abc import Iterator

import torch

from clearhead.data import (
    MaskedBatch,
    PackedRows,
    PreparedText,
    collate_masked,
    one_a_row,
)
from clearhead.recipe import ResolvedTraining
from clearhead.tasks.masks import masking_of_epoch, masking_to_judge
from clearhead.tasks.rows import planned_rows, rows_to_judge
from clearhead.text import Tokenizer


def epoch_batches(
    training: ResolvedTraining, corpus: PreparedText, tokenizer: Tokenizer, max_length: int, epoch: int, first: int = 0
) -> Iterator[MaskedBatch]:
    """The batches of an epoch from number `first` on: pieces of `max_length` places at most, in random order."""
    assert training.masking is not None
    masking, padding = masking_of_epoch(training.masking, tokenizer, training.seed, epoch), tokenizer.padding
    for windows, rows in planned_rows(training, corpus, max_length, epoch, first, ahead=0):
        if isinstance(rows, PackedRows):
            _, length = training.packed_shape
            yield collate_masked(windows, rows, length, padding, masking, share_rows=True)
        else:
            yield collate_masked(windows, *one_a_row(rows, windows), padding, masking, share_rows=False)


def batches_to_judge(
    training: ResolvedTraining, corpus: PreparedText, tokenizer: Tokenizer, max_length: int
) -> Iterator[MaskedBatch]:
    """Batches of a whole corpus, each of whose masked places is predicted once."""
    assert training.masking is not None
    masking = masking_to_judge(training.masking, tokenizer)
    for windows, indices in rows_to_judge(corpus, max_length, training.batch_tokens, ahead=0):
        yield collate_masked(windows, *one_a_row(indices, windows), tokenizer.padding, masking, share_rows=False)


def full_batch(rows: int, length: int, max_length: int, packing: bool) -> MaskedBatch:
    """Rows of `length` places without padding, all of which are predicted."""
    ids = torch.zeros((rows, length), dtype=torch.long)
    numbers = (1 + torch.arange(length) // max_length).expand(rows, -1)
    # No id is padding, so that every place counts.
    return MaskedBatch(
        ids, torch.arange(ids.numel()), ids.flatten(), ids.numel(), -1, numbers.contiguous() if packing else None
    )
