"""Batches of two kinds: how many of each, what each predicts, and that no row is both."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from clearhead.data import Masking, TokenFile, cut
from clearhead.recipe import Recipe
from clearhead.tasks import TASKS
from clearhead.tasks.masked_next_token.batching import full_batch, masked_ones, without_ends
from clearhead.tasks.masks import masking_of_epoch
from clearhead.training.run_inputs import RunInputs, prepare_run

MakeRecipe = Callable[..., Recipe]
PACKED = {"packing": True}
TASK = TASKS["masked-next-token"]


def epoch(inputs: RunInputs, number: int = 0, first: int = 0) -> list[Any]:
    return list(TASK.batches(inputs.recipe, inputs.training, inputs.tokenizers, number, first))


def of_key(key: int) -> Masking:
    return Masking(0.3, 0.8, 0.1, 3, np.arange(4, 9), np.uint64(key))


@pytest.mark.parametrize(("share", "count"), [(0.0, 0), (0.25, 25), (0.5, 50), (0.8, 80), (1.0, 100)])
def test_as_many_are_masked_as_evenly_as_can_be(share: float, count: int) -> None:
    """Of each ten in a row as many as their share, or one more or less."""
    for key in range(5):
        kinds = list(itertools.islice(masked_ones(of_key(key), share), 100))
        assert sum(kinds) in {count, count + 1, count - 1}
        assert all(abs(sum(kinds[start : start + 10]) - 10 * share) <= 1 for start in range(90))
        assert list(itertools.islice(masked_ones(of_key(key), share, 37), 63)) == kinds[37:]


def test_a_first_batch_is_of_either_kind() -> None:
    """Of 200 epochs in about half, within five standard deviations."""
    first = [next(masked_ones(of_key(key), 0.5)) for key in range(200)]
    assert abs(sum(first) - 100) <= 5 * 50**0.5


def test_pieces_without_their_ends() -> None:
    file = TokenFile(np.array([1, 4, 5, 2, 1, 6, 2], np.uint16), np.array([4, 3], np.int32))
    windows = without_ends(cut(file, 9, seed=1, epoch=0, ahead=0), end=2)
    assert windows.gather(np.arange(2))[0].tolist() == [1, 4, 5, 1, 6]
    assert windows.following(np.arange(2), 0).tolist() == [4, 5, 2, 6, 2]


@pytest.mark.parametrize("documents", ["file", "line"])
@pytest.mark.parametrize("training", [{}, PACKED], ids=["plain", "packed"])
def test_an_epoch_reads_each_document_once(two_way_recipe: MakeRecipe, documents: str, training: Any) -> None:
    """Each place stands in a row of one kind alone. Masked batches read all, others all but ends."""
    inputs = prepare_run(two_way_recipe(documents, training))
    corpus, end = inputs.training, inputs.source_tokenizer.end
    for number in (0, 1):
        batches = epoch(inputs, number)
        masked = [batch for batch in batches if batch.is_masked]
        assert {bool(batch.sees_all) == batch.is_masked for batch in batches} == {True}
        assert abs(len(masked) - len(batches) / 2) <= 1
        assert 0 < len(masked) < len(batches)
        read = sum(int((batch.ids != batch.padding).sum()) for batch in batches)
        ends = sum(int((batch.ids == end).sum()) for batch in masked)
        assert not any((batch.ids == end).any() for batch in batches if not batch.is_masked)
        assert read - ends == len(corpus.ids) - len(corpus)
        for one, other in zip(batches[1:], epoch(inputs, number, 1), strict=True):
            assert one.is_masked == other.is_masked
            assert all(torch.equal(a, b) for a, b in zip(one.tensors(), other.tensors(), strict=True))


def test_packed_batches_of_both_kinds_have_one_shape(two_way_recipe: MakeRecipe) -> None:
    """So that each can take the place of another in a step that is recorded once."""
    batches = epoch(prepare_run(two_way_recipe(training=PACKED)))
    assert len({batch.is_masked for batch in batches}) == 2
    assert len({tuple((one.shape, one.dtype) for one in batch.tensors()) for batch in batches}) == 1


@torch.no_grad()
def loss_of(inputs: RunInputs) -> float:
    """Summed over an epoch, by torch's cross-entropy, in float64."""
    model, total = inputs.untrained_model().double().eval(), 0.0
    for batch in epoch(inputs):
        logits = TASK.hidden_states(model, batch) @ TASK.output_weight(model).T
        wanted = batch.target_output.flatten()
        total += float(F.cross_entropy(logits.flatten(0, 1), wanted, ignore_index=batch.padding, reduction="sum"))
    return total


@torch.no_grad()
def test_masked_documents_that_share_a_row_have_the_loss_of_one_a_row(two_way_recipe: MakeRecipe) -> None:
    """And each document alone, by hand: the token of place p is predicted at place p - 1 under a full mask."""
    plain, packed = (prepare_run(two_way_recipe(training=one, batches=1.0)) for one in ({}, PACKED))
    corpus, masking, start, alone = plain.training, plain.recipe.training.masking, 0, 0.0
    assert masking is not None
    drawn = masking_of_epoch(masking, plain.source_tokenizer, 1, 0)
    model = plain.untrained_model().double().eval()
    for number in range(len(corpus)):
        ids = corpus.documents[number]
        read, chosen = drawn.read(ids, start + np.arange(len(ids)))
        start += len(ids)
        everything = torch.ones(1, 1, len(ids), len(ids), dtype=torch.bool)
        logits = model(torch.from_numpy(read)[None], everything)[0, :-1]
        target = torch.tensor(ids.tolist()).masked_fill(~torch.from_numpy(chosen), -100)[1:]
        alone += float(F.cross_entropy(logits, target, reduction="sum"))
    assert alone > 0
    assert [loss_of(plain), loss_of(packed)] == pytest.approx([alone, alone], rel=1e-9)


def test_without_masked_batches_it_is_a_language_model(two_way_recipe: MakeRecipe, language_recipe: MakeRecipe) -> None:
    """The loss of an epoch is that of the task language-modelling, with the same model, packed or not."""
    found = [loss_of(prepare_run(two_way_recipe(training=one, batches=0.0))) for one in ({}, PACKED)]
    inputs = prepare_run(two_way_recipe(batches=0.0))
    model, total = inputs.untrained_model().double().eval(), 0.0
    with torch.no_grad():
        for number in range(len(inputs.training)):
            ids = torch.tensor(inputs.training.documents[number].tolist())
            total += float(F.cross_entropy(model(ids[None, :-1])[0], ids[1:], reduction="sum"))
    assert found == pytest.approx([total, total], rel=1e-9)


def test_a_validation_judges_both(two_way_recipe: MakeRecipe) -> None:
    inputs = prepare_run(two_way_recipe())
    [judged] = inputs.validation
    batches = list(TASK.batches_to_judge(inputs.recipe, judged.corpus, inputs.tokenizers))
    following = sum(batch.target_tokens for batch in batches if not batch.is_masked)
    assert following == judged.corpus.tokens
    assert 0 < sum(batch.target_tokens for batch in batches if batch.is_masked) < following


@pytest.mark.parametrize("packing", [False, True])
def test_the_largest_batch(packing: bool) -> None:
    batch = full_batch(2, 8, 4, packing)
    assert (batch.target_tokens, bool(batch.sees_all), len(batch.tensors())) == (16, True, 4 if packing else 3)


def test_a_piece_that_is_an_end_alone_predicts_nothing(two_way_recipe: MakeRecipe, tmp_path: Path) -> None:
    """A document of one token more than a row: in batches of next tokens its last piece has nothing to read."""
    recipe = two_way_recipe(batches=0.0, training={"batch_tokens": 16})
    (tmp_path / "a.txt").write_text(f"six\n{'one tw' * 3}on\n{'two on' * 3}tw\n")
    text = {"text": "a.txt", "documents": "line"}
    data = {**recipe.data.model_dump(by_alias=True), "train": text, "validate": text}
    inputs = prepare_run(two_way_recipe(batches=0.0, training={"batch_tokens": 16}, data=data))
    model = inputs.untrained_model().eval()
    for number in range(40):
        batches = epoch(inputs, number)
        assert sum(batch.target_tokens for batch in batches) == inputs.training.tokens
        for batch in batches:
            assert TASK.hidden_states(model, batch).isfinite().all()
