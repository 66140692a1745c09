"""Rows with masked places: where they are, what is read there, and what is predicted."""

import numpy as np
import pytest
import torch

from clearhead.data import (
    MaskedBatch,
    Masking,
    PackedRows,
    TextBatch,
    TokenFile,
    TwoWayBatch,
    collate_masked,
    collate_masked_next,
    cut,
    one_a_row,
)

PADDING, BEGIN, END, MASK = 9, 1, 2, 3
FILE = TokenFile(np.array([BEGIN, 4, 5, 6, END, BEGIN, 7, END], np.uint16), np.array([5, 3], np.int32))
WINDOWS = cut(FILE, 8, seed=1, epoch=0, ahead=0)
BOTH = PackedRows(np.array([0, 1]), np.array([2, 0]))


def all_masked(share: float = 1.0 - 1e-9) -> Masking:
    """Each piece reads as the mask."""
    return Masking(share, 1.0, 0.0, MASK, np.arange(4, 9), np.uint64(5))


def test_each_in_a_row_of_its_own() -> None:
    packed, length = one_a_row(np.array([1, 0]), WINDOWS)
    batch = collate_masked(WINDOWS, packed, length, PADDING, all_masked(), share_rows=False)
    assert batch.ids.tolist() == [[BEGIN, MASK, END, PADDING, PADDING], [BEGIN, MASK, MASK, MASK, END]]
    assert batch.places.tolist() == [1, 6, 7, 8]
    assert batch.target_output.tolist() == [7, 4, 5, 6]
    assert (batch.target_tokens, batch.padding, batch.segments, len(batch)) == (4, PADDING, None, 2)


def test_several_in_a_row_have_as_many_places_in_each_batch() -> None:
    """Two rows of 9 places, all masked at most: 18, of which 4 are; the others count for nothing."""
    batch = collate_masked(WINDOWS, BOTH, 9, PADDING, all_masked(), share_rows=True)
    assert batch.ids.tolist() == [[BEGIN, MASK, MASK, MASK, END, BEGIN, MASK, END, PADDING], [PADDING] * 9]
    assert batch.segments is not None
    assert batch.segments.tolist() == [[1, 1, 1, 1, 1, 2, 2, 2, 0], [0] * 9]
    assert batch.places.tolist() == [1, 2, 3, 6] + [0] * 14
    assert batch.target_output.tolist() == [4, 5, 6, 7] + [PADDING] * 14
    assert batch.target_tokens == 4


def test_what_reads_both_ways_predicts_at_the_place_before() -> None:
    """By hand; and never the first place of a piece, before which there is none."""
    batch = collate_masked_next(WINDOWS, BOTH, 9, PADDING, all_masked(), share_rows=True)
    assert batch.ids.tolist() == [[BEGIN, MASK, MASK, MASK, END, BEGIN, MASK, END, PADDING], [PADDING] * 9]
    no = PADDING
    assert batch.target_output.tolist() == [[4, 5, 6, no, no, 7, no, no, no], [no] * 9]
    assert (batch.target_tokens, bool(batch.sees_all), batch.is_masked) == (4, True, True)
    middle = cut(
        TokenFile(np.array([BEGIN, 4, 5, 6, END], np.uint16), np.array([5], np.int32)), 2, seed=3, epoch=0, ahead=0
    )
    for number in range(len(middle.lengths)):
        rows, length = one_a_row(np.array([number]), middle)
        one = collate_masked_next(middle, rows, length, PADDING, all_masked(), share_rows=False)
        assert one.ids[0, 0] == FILE.ids[middle.starts[number]]
        assert one.target_output[0, -1] == PADDING


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_a_masked_place_does_not_show_its_own_id(share: float) -> None:
    """What is read there is the mask, wherever a piece is predicted; and all others are as they were."""
    ids = np.concatenate([[BEGIN], np.resize(np.arange(4, 9), 300), [END]]).astype(np.uint16)
    windows = cut(TokenFile(ids, np.array([302], np.int32)), 302, seed=1, epoch=0, ahead=0)
    packed, length = one_a_row(np.array([0]), windows)
    batch = collate_masked(windows, packed, length, PADDING, all_masked(share), share_rows=False)
    assert (batch.ids.flatten()[batch.places] == MASK).all()
    assert batch.target_output.tolist() == ids[batch.places.numpy()].tolist()
    assert 0 < len(batch.places) < 300
    rest = torch.ones(302, dtype=torch.bool)
    rest[batch.places] = False
    assert batch.ids[0, rest].tolist() == ids[rest.numpy()].tolist()
    both = collate_masked_next(windows, packed, length, PADDING, all_masked(share), share_rows=False)
    predicted = (both.target_output != PADDING)[0].nonzero().flatten()
    assert (both.ids[0, predicted + 1] == MASK).all()
    assert both.target_output[0, predicted].tolist() == ids[predicted.numpy() + 1].tolist()


@pytest.mark.parametrize("share_rows", [False, True])
def test_twice_and_elsewhere(share_rows: bool) -> None:
    packed, length = (BOTH, 9) if share_rows else one_a_row(np.array([1, 0]), WINDOWS)
    batch = collate_masked(WINDOWS, packed, length, PADDING, all_masked(), share_rows=share_rows)
    double = batch.twice()
    assert isinstance(double, MaskedBatch)
    assert (len(double), double.target_tokens) == (2 * len(batch), 2 * batch.target_tokens)
    flat = double.ids.flatten()
    assert flat[double.places].tolist() == 2 * batch.ids.flatten()[batch.places].tolist()
    assert double.target_output.tolist() == 2 * batch.target_output.tolist()
    copied = batch.to("cpu", copy=True)
    for one, other in zip(copied.tensors(), batch.tensors(), strict=True):
        assert torch.equal(one, other)
        assert one.data_ptr() != other.data_ptr()


def test_what_reads_both_ways_twice_and_elsewhere() -> None:
    text = TextBatch(torch.tensor([[1, 4]]), torch.tensor([[4, 5]]), 2, PADDING)
    batch = TwoWayBatch(text, torch.tensor(False), is_masked=False)
    assert (len(batch), batch.padding, batch.segments) == (1, PADDING, None)
    double = batch.twice()
    assert (len(double), double.target_tokens) == (2, 4)
    copied = batch.to("cpu", copy=True)
    assert len(copied.tensors()) == 3
    for one, other in zip(copied.tensors(), batch.tensors(), strict=True):
        assert torch.equal(one, other)
        assert one.data_ptr() != other.data_ptr()
