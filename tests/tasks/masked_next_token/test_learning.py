"""Who sees whom: nothing in a batch of next tokens sees what comes after it, and all in a masked one sees all."""

import dataclasses

import pytest
import torch
from torch import Tensor

from clearhead.data import TextBatch, TwoWayBatch
from clearhead.model import DecoderOnly, DecoderOnlyConfig
from clearhead.tasks.masked_next_token.learning import hidden_states

MODEL = DecoderOnly(
    DecoderOnlyConfig(vocabulary=9, width=8, heads=2, inner_width=8, layers=2, dropout=0.0, positions="rotary"), seed=3
).double()
IDS = torch.tensor([[1, 4, 5, 6, 1, 7, 0], [1, 5, 2, 1, 8, 2, 0]])
SEGMENTS = torch.tensor([[1, 1, 1, 1, 2, 2, 0], [1, 1, 1, 2, 2, 2, 0]])


def batch(is_masked: bool, is_packed: bool) -> TwoWayBatch:
    text = TextBatch(IDS, IDS, 12, padding=0, segments=SEGMENTS if is_packed else None)
    return TwoWayBatch(text, torch.tensor(is_masked), is_masked)


def changed(given: TwoWayBatch, row: int, place: int) -> TwoWayBatch:
    ids = given.ids.clone()
    ids[row, place] = 3
    return dataclasses.replace(given, text=dataclasses.replace(given.text, ids=ids))


@torch.no_grad()
def influenced(given: TwoWayBatch, row: int, place: int) -> set[tuple[int, int]]:
    """The places, padding aside, whose vectors change with the id at this one."""
    before, after = hidden_states(MODEL, given), hidden_states(MODEL, changed(given, row, place))
    assert before.isfinite().all()
    different: Tensor = (before != after).any(dim=-1) & (given.ids != 0)
    return {(int(one), int(other)) for one, other in different.nonzero()}


@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize("is_masked", [False, True])
def test_who_sees_a_place(is_masked: bool, is_packed: bool) -> None:
    """All real places of its row; of its document alone, where these share rows; and none before it, unless masked."""
    given = batch(is_masked, is_packed)
    for row in range(2):
        for place in range(6):
            seen = {
                (row, other)
                for other in range(6)
                if (is_masked or other >= place) and (not is_packed or SEGMENTS[row, other] == SEGMENTS[row, place])
            }
            assert influenced(given, row, place) == seen


@torch.no_grad()
@pytest.mark.parametrize("is_masked", [False, True])
def test_a_recorded_step_reads_which_kind_it_is_from_a_tensor(is_masked: bool) -> None:
    """The other fields are those of the batch that was first at its place."""
    stale = dataclasses.replace(batch(is_masked, is_packed=True), is_masked=not is_masked)
    assert torch.equal(hidden_states(MODEL, stale), hidden_states(MODEL, batch(is_masked, is_packed=True)))
