"""True means "may attend"."""

import torch

from clearhead.model import Segments, causal_mask, masks_for, packed_masks, padding_mask
from clearhead.model.masks import full_mask


def test_padding_may_not_be_attended_to() -> None:
    assert padding_mask(torch.tensor([[4, 5, 0], [6, 0, 0]]), 0).tolist() == [
        [[[True, True, False]]],
        [[[True, False, False]]],
    ]


def test_everything_may_be_attended_to() -> None:
    assert full_mask(torch.zeros(2, 3)).tolist() == [[[[True] * 3]]] * 2
    assert full_mask(torch.zeros(2, 3, 5)).shape == (2, 1, 1, 3)


def test_each_position_sees_itself_and_those_before() -> None:
    assert causal_mask(3)[0, 0].tolist() == [[True, False, False], [True, True, False], [True, True, True]]


def test_the_masks_of_a_batch_are_these_two() -> None:
    source, target = torch.tensor([[4, 0]]), torch.tensor([[1, 7, 0]])
    masks = masks_for(source, target, 0)
    assert torch.equal(masks.source, padding_mask(source, 0))
    assert torch.equal(masks.target, causal_mask(3))
    assert torch.equal(masks.memory, padding_mask(source, 0))


def test_pairs_that_share_a_row_by_hand() -> None:
    """Two pairs: sources of 2 and 1 tokens and no padding, targets of 1 and 2 tokens and a place of padding."""
    masks = packed_masks(Segments(torch.tensor([[1, 1, 2]]), torch.tensor([[1, 2, 2, 0]])))
    assert masks.source[0, 0].tolist() == [[True, True, False], [True, True, False], [False, False, True]]
    assert masks.target[0, 0].tolist() == [
        [True, False, False, False],
        [False, True, False, False],
        [False, True, True, False],
        [False, False, False, True],
    ]
    # Padding may look anywhere, as nobody looks at it: a place that may attend to nothing would be 0/0.
    assert masks.memory[0, 0].tolist() == [
        [True, True, False],
        [False, False, True],
        [False, False, True],
        [True, True, True],
    ]


def test_no_place_of_an_empty_row_is_without_anything_to_attend_to() -> None:
    empty = torch.zeros(2, 5, dtype=torch.long)
    assert all(mask.any(dim=-1).all() for mask in packed_masks(Segments(empty, empty)))


def test_another_padding_id_may_be_chosen() -> None:
    assert padding_mask(torch.tensor([[0, 9]]), padding=9).tolist() == [[[[True, False]]]]
