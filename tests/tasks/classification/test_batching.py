"""Batches of labelled texts."""

import numpy as np
import pytest

from clearhead.data import labelled_texts
from clearhead.tasks.classification.batching import batches_to_judge, epoch_batches, full_batch, text_weights
from clearhead.training.run_inputs import RunInputs, prepare_run

CORPUS = labelled_texts(
    [[1, *[5] * (number % 5), 2] for number in range(40)], [number % 10 // 9 for number in range(40)], "k"
)


@pytest.fixture
def inputs(table_recipe) -> RunInputs:  # type: ignore[no-untyped-def]
    return prepare_run(table_recipe({"batch_tokens": 30}))


def test_an_epoch_has_each_text_once(inputs: RunInputs) -> None:
    batches = list(epoch_batches(inputs.recipe.training, inputs.training, 0, epoch=0))
    assert sum(map(len, batches)) == 36
    assert all(batch.ids.numel() <= 30 for batch in batches)
    assert sorted(int(one) for batch in batches for one in batch.target_output) == [0] * 18 + [1] * 18
    again = list(epoch_batches(inputs.recipe.training, inputs.training, 0, epoch=0, first=2))
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
    drawn = np.concatenate([one.target_output.flatten() for one in epoch_batches(training, CORPUS, 0, epoch=3)])
    assert np.bincount(drawn).tolist() == [36, 36]


def test_the_fullest_batch() -> None:
    batch = full_batch(3, 8)
    assert batch.ids.shape == (3, 8)
    assert (batch.ids != batch.text_padding).all()
    assert batch.target_tokens == 3
