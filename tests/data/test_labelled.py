"""Texts with labels, and their batches."""

import numpy as np
import torch

from clearhead.data import LabelledBatch, collate_labelled, labelled_texts
from clearhead.tasks.examples import Corpus, TrainingBatch

CORPUS = labelled_texts([[1, 5, 2], [1, 2], [1, 5, 6, 2]], [0, 2, 1], "key", cut=1)


def test_the_corpus() -> None:
    assert isinstance(CORPUS, Corpus)
    assert (len(CORPUS), CORPUS.longest, CORPUS.tokens) == (3, 4, 9)
    assert CORPUS.ids.tolist() == [1, 5, 2, 1, 2, 1, 5, 6, 2]
    assert CORPUS.report == "9 tokens; 1 are cut at 4, as model.max_length says"
    assert CORPUS.is_called("key")
    assert not CORPUS.is_called("other")


def test_a_batch() -> None:
    batch = collate_labelled(CORPUS.texts, CORPUS.classes, np.array([2, 0]), padding=0)
    assert isinstance(batch, TrainingBatch)
    assert len(batch) == batch.target_tokens == 2
    assert batch.ids.tolist() == [[1, 5, 6, 2], [1, 5, 2, 0]]
    # The first class is no padding, though the tokenizer's padding has its number.
    assert batch.target_output.tolist() == [[1], [0]]
    assert (batch.target_output != batch.padding).all()


def test_twice_and_elsewhere() -> None:
    batch = collate_labelled(CORPUS.texts, CORPUS.classes, np.array([0, 1]), padding=0)
    twice = batch.twice()
    assert (twice.ids.tolist(), twice.target_tokens) == (batch.ids.tolist() * 2, 4)
    assert twice.target_output.tolist() == [[0], [2], [0], [2]]
    copied = batch.to("cpu", copy=True)
    assert isinstance(copied, LabelledBatch)
    assert torch.equal(copied.ids, batch.ids)
    assert copied.ids.data_ptr() != batch.ids.data_ptr()
