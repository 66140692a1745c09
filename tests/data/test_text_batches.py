"""Pieces of documents as rows of a batch."""

import numpy as np
import pytest
import torch

from clearhead.data import PackedRows, TextBatch, TokenFile, collate_packed_windows, collate_windows, cut, cut_to_judge

PADDING, BEGIN, END = 9, 1, 2
IDS = [[BEGIN, 4, 5, 6, END], [BEGIN, 7, END]]
FILE = TokenFile(np.array([*IDS[0], *IDS[1]], np.uint16), np.array([5, 3], np.int32))
WINDOWS = cut(FILE, 8, seed=1, epoch=0)


def test_each_in_a_row_of_its_own() -> None:
    batch = collate_windows(WINDOWS, np.array([1, 0]), PADDING)
    assert batch.ids.tolist() == [[BEGIN, 7, PADDING, PADDING], [BEGIN, 4, 5, 6]]
    assert batch.target_output.tolist() == [[7, END, PADDING, PADDING], [4, 5, 6, END]]
    assert (batch.target_tokens, batch.padding, batch.segments, len(batch)) == (6, PADDING, None, 2)
    assert batch.ids.dtype == torch.int64


def test_pieces_that_are_all_alike_and_those_that_are_not_are_the_same() -> None:
    windows = cut(TokenFile(np.arange(30, dtype=np.uint16), np.array([30], np.int32)), 4, seed=1, epoch=0)
    whole = np.flatnonzero(windows.lengths == 4)[:3]
    alike = collate_windows(windows, whole, PADDING)
    padded = collate_windows(windows, whole, PADDING, (5, 6))
    assert padded.ids[:3, :4].tolist() == alike.ids.tolist()
    assert padded.target_output[:3, :4].tolist() == alike.target_output.tolist() == (alike.ids + 1).tolist()
    for rest in (padded.ids[3:], padded.ids[:, 4:], padded.target_output[3:], padded.target_output[:, 4:]):
        assert (rest == PADDING).all()
    assert padded.target_tokens == alike.target_tokens == 12


def test_what_is_known_is_read_and_not_predicted() -> None:
    windows = cut_to_judge(FILE, 3, 1)
    batch = collate_windows(windows, np.arange(len(windows.lengths)), PADDING)
    assert batch.ids.tolist() == [[BEGIN, 4, 5], [5, 6, PADDING], [BEGIN, 7, PADDING]]
    assert batch.target_output.tolist() == [[4, 5, 6], [PADDING, END, PADDING], [7, END, PADDING]]
    assert batch.target_tokens == 6 == int((batch.target_output != PADDING).sum())


def test_several_in_a_row() -> None:
    batch = collate_packed_windows(WINDOWS, PackedRows(np.array([0, 1]), np.array([2, 0])), 7, PADDING)
    assert batch.ids.tolist() == [[BEGIN, 4, 5, 6, BEGIN, 7, PADDING], [PADDING] * 7]
    assert batch.target_output.tolist() == [[4, 5, 6, END, 7, END, PADDING], [PADDING] * 7]
    assert batch.segments.tolist() == [[1, 1, 1, 1, 2, 2, 0], [0] * 7]
    assert batch.target_tokens == 6


@pytest.mark.parametrize("is_packed", [False, True])
def test_an_end_that_is_padding_too_is_predicted(is_packed: bool) -> None:
    """Padding of -1 is no id: what is read is filled up with 0, which nobody attends to."""
    if is_packed:
        batch = collate_packed_windows(WINDOWS, PackedRows(np.array([0, 1]), np.array([2])), 7, -1)
        assert batch.ids.tolist() == [[BEGIN, 4, 5, 6, BEGIN, 7, 0]]
        assert batch.target_output.tolist() == [[4, 5, 6, END, 7, END, -1]]
    else:
        batch = collate_windows(WINDOWS, np.array([1, 0]), -1)
        assert batch.ids.tolist() == [[BEGIN, 7, 0, 0], [BEGIN, 4, 5, 6]]
        assert batch.target_output.tolist() == [[7, END, -1, -1], [4, 5, 6, END]]
    assert (batch.target_tokens, batch.padding) == (6, -1)
    answers = cut(TokenFile(FILE.ids, FILE.lengths, np.array([False] * 3 + [True] * 5)), 8, seed=1, epoch=0)
    assert collate_windows(answers, np.array([0]), -1).target_output.tolist() == [[-1, -1, 6, END]]


@pytest.mark.parametrize("is_packed", [False, True])
def test_twice_and_elsewhere(is_packed: bool) -> None:
    packed = PackedRows(np.array([0, 1]), np.array([2]))
    batch = (
        collate_packed_windows(WINDOWS, packed, 7, PADDING) if is_packed else collate_windows(WINDOWS, np.array([0]), 9)
    )
    assert isinstance(batch, TextBatch)
    double = batch.twice()
    assert (len(double), double.target_tokens) == (2 * len(batch), 2 * batch.target_tokens)
    for one, other in zip(double.tensors(), batch.tensors(), strict=True):
        assert torch.equal(one, torch.cat([other, other]))
    copied = batch.to("cpu", copy=True)
    assert len(batch.tensors()) == 2 + is_packed
    for one, other in zip(copied.tensors(), batch.tensors(), strict=True):
        assert torch.equal(one, other)
        assert one.data_ptr() != other.data_ptr()


def test_what_is_not_learned_is_padding_in_the_target_alone() -> None:
    """The end of the first document and the seven of the second are learned."""
    learned = np.array([False] * 4 + [True, False, True, False])
    windows = cut(TokenFile(FILE.ids, FILE.lengths, learned), 8, seed=1, epoch=0)
    batch = collate_windows(windows, np.array([0, 1]), PADDING)
    assert batch.ids.tolist() == [[BEGIN, 4, 5, 6], [BEGIN, 7, PADDING, PADDING]]
    assert batch.target_output.tolist() == [[PADDING, PADDING, PADDING, END], [7, PADDING, PADDING, PADDING]]
    packed = collate_packed_windows(windows, PackedRows(np.array([0, 1]), np.array([2])), 6, PADDING)
    assert packed.target_output.tolist() == [[PADDING, PADDING, PADDING, END, 7, PADDING]]
    alike = collate_windows(windows, np.array([0]), PADDING)
    assert alike.target_output.tolist() == [[PADDING, PADDING, PADDING, END]]
    assert [one.target_tokens for one in (batch, packed, alike)] == [2, 2, 1]
