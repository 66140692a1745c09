"""Examples as tensors, by hand."""

import numpy as np
import pytest
import torch

from clearhead.data import FilterReport, PreparedCorpus, TokenFile, collate

BEGIN, END, PADDING = 1, 2, 0


def file(*sequences):
    ids = np.array([index for sequence in sequences for index in sequence], dtype=np.uint16)
    return TokenFile(ids, np.array([len(sequence) for sequence in sequences], dtype=np.int32))


@pytest.fixture
def corpus():
    source = file([3, 10, 2], [3, 11, 12, 13, 2], [3, 2])
    target = file([20, 21, 2], [22, 2], [2])
    return PreparedCorpus(source, target, np.ones(3), FilterReport(kept=3), "three")


def test_two_examples_by_hand(corpus):
    """The target is read shifted right by one place (figure 1); a row's end is predicted and never read."""
    batch = collate(corpus, np.array([1, 0]), BEGIN, PADDING)
    assert batch.source.tolist() == [[3, 11, 12, 13, 2], [3, 10, 2, 0, 0]]
    assert batch.target_input.tolist() == [[1, 22, 0], [1, 20, 21]]
    assert batch.target_output.tolist() == [[22, 2, 0], [20, 21, 2]]
    assert (batch.source_tokens, batch.target_tokens, len(batch)) == (8, 5, 2)


def test_an_empty_target_is_begin_then_end(corpus):
    batch = collate(corpus, np.array([2]), BEGIN, PADDING)
    assert (batch.target_input.tolist(), batch.target_output.tolist()) == ([[1]], [[2]])


def test_ids_are_int64_and_may_be_written_to(corpus):
    batch = collate(corpus, np.array([0, 1, 2]), BEGIN, PADDING)
    for tensor in (batch.source, batch.target_input, batch.target_output):
        assert tensor.dtype == torch.int64
        tensor += 1


def test_another_padding(corpus):
    batch = collate(corpus, np.array([0, 1]), BEGIN, padding=99)
    assert batch.source.tolist()[0] == [3, 10, 2, 99, 99]
    assert batch.target_input.tolist()[1] == [1, 22, 99]


def test_an_example_may_come_twice(corpus):
    batch = collate(corpus, np.array([0, 0]), BEGIN, PADDING)
    assert batch.source.tolist() == [[3, 10, 2]] * 2


def test_to_another_device(corpus):
    batch = collate(corpus, np.array([0]), BEGIN, PADDING).to("meta")
    assert {batch.source.device.type, batch.target_input.device.type, batch.target_output.device.type} == {"meta"}
    assert batch.target_tokens == 3


def test_a_batch_twice(corpus):
    once = collate(corpus, np.array([0, 1]), BEGIN, PADDING)
    twice, again = once.twice(), collate(corpus, np.array([0, 1, 0, 1]), BEGIN, PADDING)
    assert all(map(torch.equal, twice.tensors(), again.tensors()))
    assert (twice.source_tokens, twice.target_tokens) == (again.source_tokens, again.target_tokens)
