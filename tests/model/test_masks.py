"""True means "may attend"."""

import torch

from clearhead.model import causal_mask, masks_for, padding_mask


def test_padding_may_not_be_attended_to() -> None:
    assert padding_mask(torch.tensor([[4, 5, 0], [6, 0, 0]])).tolist() == [
        [[[True, True, False]]],
        [[[True, False, False]]],
    ]


def test_each_position_sees_itself_and_those_before() -> None:
    assert causal_mask(3)[0, 0].tolist() == [[True, False, False], [True, True, False], [True, True, True]]


def test_the_masks_of_a_batch_are_these_two() -> None:
    source, target = torch.tensor([[4, 0]]), torch.tensor([[1, 7, 0]])
    masks = masks_for(source, target)
    assert torch.equal(masks.source, padding_mask(source))
    assert torch.equal(masks.target, causal_mask(3))


def test_another_padding_id_may_be_chosen() -> None:
    assert padding_mask(torch.tensor([[0, 9]]), padding=9).tolist() == [[[[True, False]]]]
