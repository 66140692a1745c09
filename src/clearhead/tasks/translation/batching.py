"""From a corpus of pairs to batches: those of an epoch, those of a validation, and the largest of all."""

import itertools
from collections.abc import Iterator

import numpy as np
import torch

from clearhead.data import (
    Batch,
    EpochCorpus,
    MergeDropout,
    ParallelCorpus,
    PreparedCorpus,
    collate,
    collate_packed,
    pack,
    plan,
)
from clearhead.model import Segments
from clearhead.recipe import ResolvedRecipe
from clearhead.tasks.examples import Tokenizers


def epoch_batches(
    recipe: ResolvedRecipe, prepared: PreparedCorpus, tokenizers: Tokenizers, longest: int, epoch: int, first: int = 0
) -> Iterator[Batch]:
    """The batches of an epoch from number `first` on; `longest`: the most ids that a side has in any epoch."""
    training, tokenizer = recipe.training, tokenizers[1]
    corpus = _corpus_of(recipe, prepared, tokenizers, longest, epoch)
    lengths, seed, weights = (corpus.source.lengths, corpus.target.lengths), training.seed, prepared.weights
    if training.packing:
        rows, length = training.packed_shape
        packed = pack(*lengths, rows=rows, length=length, seed=seed, epoch=epoch, weights=weights)
        for one in itertools.islice(packed, first, None):
            yield collate_packed(corpus, one, length, tokenizer.begin, tokenizer.padding)
    else:
        planned = plan(*lengths, batch_tokens=training.batch_tokens, seed=seed, epoch=epoch, weights=weights)
        for indices in planned[first:]:
            yield collate(corpus, indices, tokenizer.begin, tokenizer.padding)


def batches_to_judge(recipe: ResolvedRecipe, corpus: PreparedCorpus, tokenizers: Tokenizers) -> Iterator[Batch]:
    """All pairs of a corpus, each once, of about equal length together."""
    budget, tokenizer = max(recipe.training.batch_tokens, corpus.longest), tokenizers[1]
    for indices in plan(corpus.source.lengths, corpus.target.lengths, batch_tokens=budget, seed=0, epoch=0):
        yield collate(corpus, indices, tokenizer.begin, tokenizer.padding)


def full_batch(rows: int, length: int, max_length: int, packing: bool) -> Batch:
    """Rows of `length` places, on both sides, without padding."""
    ids = torch.zeros((rows, length), dtype=torch.long)
    # Where rows hold several pairs, as long ones as the model has positions for.
    numbers = (1 + torch.arange(length) // max_length).expand(rows, -1)
    segments = Segments(numbers, numbers) if packing else None
    # No id is padding, so that every place counts.
    return Batch(ids, ids, ids, ids.numel(), ids.numel(), -1, segments)


def _corpus_of(
    recipe: ResolvedRecipe, corpus: PreparedCorpus, tokenizers: Tokenizers, longest: int, epoch: int
) -> ParallelCorpus:
    """The training corpus as it is in one epoch: its words stand in other pieces in each, where the recipe says so."""
    rate = recipe.text.merge_dropout
    if not rate:
        return corpus
    common = {"longest": longest, "seed": recipe.training.seed, "epoch": epoch}
    source, target = (
        MergeDropout(file, np.array(tokenizer.merge_parents), rate, side=side, **common)
        for side, (file, tokenizer) in enumerate(zip((corpus.source, corpus.target), tokenizers, strict=True))
    )
    return EpochCorpus(source, target)
