"""Batches of labelled texts."""

import numpy as np
import pytest

from clearhead.data import labelled_texts
from clearhead.tasks import TASKS
from clearhead.tasks.classification.batching import batches_to_judge, epoch_batches, full_batch, text_weights
from clearhead.training.run_inputs import RunInputs, prepare_run

CORPUS = labelled_texts(
    [[1, *[5] * (number % 5), 2] for number in range(40)], [number % 10 // 9 for number in range(40)], "k"
)


@pytest.fixture
def inputs(table_recipe) -> RunInputs:  # type: ignore[no-untyped-def]
    return prepare_run(table_recipe({"batch_tokens": 30}))


def test_an_epoch_has_each_text_once(inputs: RunInputs) -> None:
    batches = list(epoch_batches(inputs.recipe, inputs.training, inputs.source_tokenizer, 16, epoch=0))
    assert sum(map(len, batches)) == 36
    assert all(batch.ids.numel() <= 30 for batch in batches)
    assert sorted(int(one) for batch in batches for one in batch.target_output) == [0] * 18 + [1] * 18
    again = list(epoch_batches(inputs.recipe, inputs.training, inputs.source_tokenizer, 16, epoch=0, first=2))
    assert [one.ids.tolist() for one in again] == [one.ids.tolist() for one in batches[2:]]


def test_a_validation_has_each_text_once(inputs: RunInputs) -> None:
    assert sum(map(len, batches_to_judge(CORPUS, 4, 0))) == 40


def test_weights_of_rare_classes() -> None:
    """36 of one and 4 of the other: nine times as rare."""
    assert text_weights(CORPUS.classes, "none") is None
    balanced = text_weights(CORPUS.classes, "balanced")
    assert balanced is not None
    assert balanced[:10].tolist() == [1.0] * 9 + [9.0]
    root = text_weights(CORPUS.classes, "root")
    assert root is not None
    assert root[:10].tolist() == pytest.approx([1.0] * 9 + [3.0])


def test_a_balanced_epoch(inputs: RunInputs) -> None:
    training = inputs.recipe.training.model_copy(update={"class_weights": "balanced", "batch_tokens": 100})
    recipe = inputs.recipe.model_copy(update={"training": training})
    batches = epoch_batches(recipe, CORPUS, inputs.source_tokenizer, 16, epoch=3)
    drawn = np.concatenate([one.target_output.flatten() for one in batches])
    assert np.bincount(drawn).tolist() == [36, 36]


def test_other_pieces_in_each_epoch(table_recipe) -> None:  # type: ignore[no-untyped-def]
    """The same texts, by other pieces, and none longer than it may be."""
    inputs = prepare_run(table_recipe({"batch_tokens": 30}, text={"kind": "bpe", "size": 300, "merge_dropout": 0.5}))
    tokenizer = inputs.source_tokenizer

    def rows(epoch: int) -> list[list[int]]:
        batches = TASKS["classification"].batches(inputs.recipe, inputs.training, inputs.tokenizers, epoch)
        return [[id for id in row if id != tokenizer.padding] for one in batches for row in one.ids.tolist()]

    first, second = rows(0), rows(1)
    assert sorted(map(tuple, first)) != sorted(map(tuple, second))
    whole = [one.tolist() for one in (inputs.training.texts[number] for number in range(len(inputs.training)))]
    assert sorted(map(tokenizer.decode, first)) == sorted(map(tokenizer.decode, whole))
    assert max(map(len, first)) <= inputs.longest <= 16
    assert rows(0) == first


def test_the_fullest_batch() -> None:
    batch = full_batch(3, 8)
    assert batch.ids.shape == (3, 8)
    assert (batch.ids != batch.text_padding).all()
    assert batch.target_tokens == 3
