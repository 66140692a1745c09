"""Batches with masked places: which, what they cost, and that sharing rows changes nothing."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from clearhead.data.masking import epoch_key
from clearhead.recipe import Recipe
from clearhead.tasks import TASKS
from clearhead.tasks.masked_language_modelling.batching import full_batch
from clearhead.tasks.masks import masking_of_epoch
from clearhead.training.run_inputs import RunInputs, prepare_run

MakeRecipe = Callable[..., Recipe]
PACKED = {"packing": True}
TASK = TASKS["masked-language-modelling"]


def epoch(inputs: RunInputs, number: int = 0, first: int = 0) -> list[Any]:
    return list(TASK.batches(inputs.recipe, inputs.training, inputs.tokenizers, number, first))


def wanted(batches: list[Any]) -> list[int]:
    return sorted(one for batch in batches for one in batch.target_output.tolist() if one != batch.padding)


@pytest.mark.parametrize("documents", ["file", "line"])
@pytest.mark.parametrize("training", [{}, PACKED], ids=["plain", "packed"])
def test_an_epoch_predicts_the_places_that_are_drawn(masked_recipe: MakeRecipe, documents: str, training: Any) -> None:
    """However the rows are made: the same places of the corpus, and all of its ids are read, ends too."""
    inputs = prepare_run(masked_recipe(documents, training))
    corpus, tokenizer = inputs.training, inputs.source_tokenizer
    masking = inputs.recipe.training.masking
    assert masking is not None
    for number in (0, 1):
        drawn = masking_of_epoch(masking, tokenizer, inputs.recipe.training.seed, number)
        assert drawn.key == epoch_key(1, number)
        _, chosen = drawn.read(corpus.ids, torch.arange(len(corpus.ids)).numpy())
        batches = epoch(inputs, number)
        assert wanted(batches) == sorted(corpus.ids[chosen].tolist())
        assert sum(batch.target_tokens for batch in batches) == chosen.sum() > 0
        assert sum(int((batch.ids != batch.padding).sum()) for batch in batches) == len(corpus.ids)
        assert sum(int((batch.ids == tokenizer.end).sum()) for batch in batches) == len(corpus)
        assert all(batch.ids.numel() <= 64 for batch in batches)
        for one, other in zip(batches[2:], epoch(inputs, number, 2), strict=True):
            assert all(torch.equal(a, b) for a, b in zip(one.tensors(), other.tensors(), strict=True))
    assert wanted(epoch(inputs, 0)) != wanted(epoch(inputs, 1))


def test_packed_batches_have_one_shape(masked_recipe: MakeRecipe) -> None:
    shapes = {
        tuple(map(tuple, (one.shape for one in batch.tensors())))
        for batch in epoch(prepare_run(masked_recipe(training=PACKED)))
    }
    assert len(shapes) == 1


@torch.no_grad()
def test_documents_that_share_a_row_have_the_loss_of_one_a_row(masked_recipe: MakeRecipe) -> None:
    """Summed over an epoch, by torch's cross-entropy of the model's own logits, in float64."""
    totals = []
    for training in ({}, PACKED):
        inputs = prepare_run(masked_recipe(training=training))
        model, total = inputs.untrained_model().double().eval(), 0.0
        for batch in epoch(inputs):
            logits = TASK.hidden_states(model, batch) @ TASK.output_weight(model).T
            total += float(F.cross_entropy(logits, batch.target_output, ignore_index=batch.padding, reduction="sum"))
        totals.append(total)
    # Each document alone, whatever batches are: its masked places by the model's own call.
    alone, tokenizer, corpus, start = 0.0, inputs.source_tokenizer, inputs.training, 0
    assert inputs.recipe.training.masking is not None
    masking = masking_of_epoch(inputs.recipe.training.masking, tokenizer, 1, 0)
    for number in range(len(corpus)):
        ids = corpus.documents[number]
        read, chosen = masking.read(ids, start + torch.arange(len(ids)).numpy())
        start += len(ids)
        logits = model(torch.from_numpy(read)[None]).logits[0]
        target = torch.tensor(ids.tolist()).masked_fill(~torch.from_numpy(chosen), -100)
        alone += float(F.cross_entropy(logits, target, reduction="sum"))
    assert totals == pytest.approx([alone, alone], rel=1e-9)


def test_a_validation_never_changes(masked_recipe: MakeRecipe) -> None:
    """Whatever the seed, and however large its batches."""
    found = []
    for training in ({}, {"seed": 7, "batch_tokens": 16}, {"packing": True}):
        inputs = prepare_run(masked_recipe(training=training))
        [judged] = inputs.validation
        batches = list(TASK.batches_to_judge(inputs.recipe, judged.corpus, inputs.tokenizers))
        assert all(batch.segments is None for batch in batches)
        found.append(wanted(batches))
    assert found[0] == found[1] == found[2] != []


@pytest.mark.parametrize("packing", [False, True])
def test_the_largest_batch(packing: bool) -> None:
    batch = full_batch(2, 8, 4, packing)
    assert batch.target_tokens == len(batch.places) == batch.ids.numel() == 16
    assert (batch.segments is not None) == packing
