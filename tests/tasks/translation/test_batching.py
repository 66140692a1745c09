"""Batches of pairs; tests/training/test_dataloader.py follows them over epochs."""

from collections.abc import Callable

import torch

from clearhead.recipe import Recipe
from clearhead.tasks.translation.batching import batches_to_judge, epoch_batches
from clearhead.training.run_inputs import prepare_run


def test_an_epoch_from_any_place_on(make_recipe: Callable[..., Recipe]) -> None:
    inputs = prepare_run(make_recipe())
    found = list(epoch_batches(inputs.recipe, inputs.training, inputs.tokenizers, 9, 3))
    rest = list(epoch_batches(inputs.recipe, inputs.training, inputs.tokenizers, 9, 3, 2))
    assert len(rest) == len(found) - 2
    assert all(torch.equal(one.source, other.source) for one, other in zip(found[2:], rest, strict=True))


def test_a_validation_has_each_pair_once(make_recipe: Callable[..., Recipe]) -> None:
    inputs = prepare_run(make_recipe("training.batch_tokens=20"))
    corpus = inputs.validation[0].corpus
    batches = list(batches_to_judge(inputs.recipe, corpus, inputs.tokenizers))
    assert sum(len(batch) for batch in batches) == len(corpus) == 6
    assert sum(batch.target_tokens for batch in batches) == corpus.target.tokens
    assert len(batches) > 1
