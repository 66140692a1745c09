"""From labelled texts to batches: those of an epoch, those of a validation, and the largest of all."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from clearhead.data import LabelledBatch, LabelledTexts, collate_labelled, plan
from clearhead.data.labelled import NO_CLASS
from clearhead.recipe import ClassWeights, ResolvedTraining


def epoch_batches(
    training: ResolvedTraining, corpus: LabelledTexts, padding: int, epoch: int, first: int = 0
) -> Iterator[LabelledBatch]:
    """The batches of an epoch from number `first` on, texts of about equal length together."""
    lengths, weights = corpus.texts.lengths, text_weights(corpus.classes, training.class_weights)
    batches = plan(
        lengths, lengths, batch_tokens=training.batch_tokens, seed=training.seed, epoch=epoch, weights=weights
    )
    for indices in batches[first:]:
        yield collate_labelled(corpus, indices, padding)


def batches_to_judge(corpus: LabelledTexts, batch_tokens: int, padding: int) -> Iterator[LabelledBatch]:
    """Batches in which each text is once."""
    lengths = corpus.texts.lengths
    for indices in plan(lengths, lengths, batch_tokens=max(batch_tokens, corpus.longest), seed=0, epoch=0):
        yield collate_labelled(corpus, indices, padding)


def text_weights(classes: NDArray[np.int64], kind: ClassWeights) -> NDArray[np.float64] | None:
    """How many times each text comes in an epoch; None for once each.

    balanced: all classes come as often as the most frequent one; root: by the root of that.
    """
    if kind == "none":
        return None
    counts = np.bincount(classes)
    rarity = counts.max() / np.maximum(counts, 1)
    found: NDArray[np.float64] = (rarity if kind == "balanced" else np.sqrt(rarity))[classes]
    return found


def full_batch(rows: int, length: int) -> LabelledBatch:
    """Rows of `length` places without padding."""
    ids = torch.zeros((rows, length), dtype=torch.long)
    # No id is padding, so that every place counts.
    return LabelledBatch(ids, torch.zeros((rows, 1), dtype=torch.long), rows, NO_CLASS)
