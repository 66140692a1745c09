"""From labelled texts to batches: those of an epoch, those of a validation, and the largest of all."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from clearhead.data import LabelledBatch, LabelledTexts, MergeDropout, collate_labelled, plan
from clearhead.data.labelled import NO_CLASS
from clearhead.data.token_file import Sequences
from clearhead.recipe import ClassWeights, ResolvedRecipe
from clearhead.text import Tokenizer


def epoch_batches(
    recipe: ResolvedRecipe, corpus: LabelledTexts, tokenizer: Tokenizer, longest: int, epoch: int, first: int = 0
) -> Iterator[LabelledBatch]:
    """The batches of an epoch from number `first` on, texts of about equal length together.

    longest: the most ids that a text has in any epoch, as some of its merges may be undone.
    """
    training, texts = recipe.training, _texts_of_epoch(recipe, corpus, tokenizer, longest, epoch)
    weights = text_weights(corpus.classes, training.class_weights)
    if (own := corpus.texts.weights) is not None:
        weights = own if weights is None else own * weights
    batches = plan(
        texts.lengths, texts.lengths, batch_tokens=training.batch_tokens, seed=training.seed, epoch=epoch,
        weights=weights,
    )  # fmt: skip
    for indices in batches[first:]:
        yield collate_labelled(texts, corpus.classes, indices, tokenizer.padding)


def _texts_of_epoch(
    recipe: ResolvedRecipe, corpus: LabelledTexts, tokenizer: Tokenizer, longest: int, epoch: int
) -> Sequences:
    rate = recipe.text.merge_dropout
    if not rate:
        return corpus.texts
    parents = np.array(tokenizer.merge_parents)
    return MergeDropout(corpus.texts, parents, rate, longest=longest, seed=recipe.training.seed, epoch=epoch, side=0)


def batches_to_judge(corpus: LabelledTexts, batch_tokens: int, padding: int) -> Iterator[LabelledBatch]:
    """Batches in which each text is once."""
    lengths = corpus.texts.lengths
    for indices in plan(lengths, lengths, batch_tokens=max(batch_tokens, corpus.longest), seed=0, epoch=0):
        yield collate_labelled(corpus.texts, corpus.classes, indices, padding)


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
