"""What every task's corpus, batches and sets have."""

from pathlib import Path

import numpy as np
import pytest

from clearhead.data import (
    Batch,
    FilterReport,
    LabelledBatch,
    MaskedBatch,
    PreparedCorpus,
    PreparedText,
    TextBatch,
    TokenFile,
    TwoWayBatch,
)
from clearhead.recipe import Recipe, build_recipe
from clearhead.tasks import TASKS
from clearhead.tasks.examples import Corpus, Examples, TrainingBatch, to_nobody


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("packing", [False, True])
def test_the_fullest_batch_of_each_task(name: str, packing: bool) -> None:
    batch = TASKS[name].full_batch(3, 8, 4, packing)
    assert isinstance(batch, TrainingBatch)
    assert isinstance(batch, Batch | TextBatch | LabelledBatch | MaskedBatch | TwoWayBatch)
    assert batch.target_tokens == batch.target_output.numel() == (3 if name == "classification" else 24)
    assert batch.tensors()[0].shape == (3, 8)
    assert not (batch.target_output == batch.padding).any()
    if packing and name != "classification":
        # No segment is longer than the model has positions for.
        numbers = batch.tensors()[-1]
        assert numbers.tolist() == [[1, 1, 1, 1, 2, 2, 2, 2]] * 3


def test_the_corpora() -> None:
    file = TokenFile(np.array([1, 5, 2], np.uint16), np.array([3], np.int32))
    assert isinstance(PreparedText(file, "a"), Corpus)
    assert isinstance(PreparedCorpus(file, file, np.ones(1), FilterReport(kept=1), "b"), Corpus)


def test_the_examples(tmp_path: Path, make_recipe: object) -> None:
    (tmp_path / "a").write_text("one\n")
    recipe: Recipe = build_recipe(
        {
            "name": "a", "task": "language-modelling", "training": {"steps": 1},
            "data": {"folder": str(tmp_path), "train": {"text": "a"}, "validate": {"text": "a"}},
        },
        "a",
    )  # fmt: skip
    assert isinstance(TASKS["language-modelling"].examples(recipe), Examples)
    assert isinstance(TASKS["translation"].examples(make_recipe()), Examples)
    to_nobody("nothing happens")
