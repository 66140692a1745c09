"""A model's parameters in one tensor: the same numbers, seen twice."""

import copy

import pytest
import torch
from torch import nn

from clearhead.errors import TrainingError
from clearhead.model import EncoderDecoder, street
from clearhead.training.flat_parameters import FlatParameters


@pytest.fixture
def model() -> EncoderDecoder:
    return EncoderDecoder(street(11, 11))


def test_the_model_is_what_it_was(model: EncoderDecoder) -> None:
    before = copy.deepcopy(model)
    flat = FlatParameters(model)
    for (name, one), (_, other) in zip(model.named_parameters(), before.named_parameters(), strict=True):
        assert torch.equal(one, other), name
    assert float(flat.values.double().pow(2).sum()) == pytest.approx(
        sum(float(parameter.detach().double().pow(2).sum()) for parameter in before.parameters())
    )


def test_matrices_come_first_and_then_vectors(model: EncoderDecoder) -> None:
    flat = FlatParameters(model)
    flat.values[flat.matrices] = 2.0
    flat.values[flat.vectors] = 1.0
    for parameter in model.parameters():
        assert (parameter == min(parameter.ndim, 2)).all()


def test_gradients_are_summed_into_the_one_tensor(model: EncoderDecoder) -> None:
    """Two backward passes through a model and through its untouched twin."""
    twin = copy.deepcopy(model)
    flat = FlatParameters(model)
    source, target = torch.tensor([[3, 4, 5]]), torch.tensor([[1, 6]])
    for one in (model, twin):
        for scale in (1.0, 2.0):
            torch.autograd.backward(one(source, target).sum() * scale)
    for (name, gradient), parameter in zip(
        sorted(flat.views(flat.gradients).items()), [value for _, value in sorted(twin.named_parameters())], strict=True
    ):
        assert parameter.grad is not None
        torch.testing.assert_close(gradient, parameter.grad, msg=name)


def test_every_parameter_begins_at_64_bytes() -> None:
    """Matrices of 15 and 35 numbers take 16 and 48 places of 4 bytes, vectors of 5 and 7 take 16 each."""
    model = nn.Sequential(nn.Linear(3, 5), nn.Linear(5, 7))
    flat = FlatParameters(model)
    begins = [parameter.data_ptr() - flat.values.data_ptr() for parameter in model.parameters()]
    assert sorted(begins) == [0, 64, 256, 320]
    assert not any(begin % 64 for begin in begins)


def test_whoever_counts_changes_sees_them(model: EncoderDecoder) -> None:
    """As autograd does, which refuses a gradient through a weight that was changed since."""
    flat = FlatParameters(model)
    before = [parameter._version for parameter in model.parameters()]
    flat.values.add_(1.0)
    flat.mark_modified()
    assert all(parameter._version > old for parameter, old in zip(model.parameters(), before, strict=True))


class TestFew:
    def test_what_is_frozen_stays_where_it_is(self, model: EncoderDecoder) -> None:
        model.encoder.requires_grad_(False)
        before = {name: one.data_ptr() for name, one in model.named_parameters()}
        flat = FlatParameters(model)
        moved = {name for name, one in model.named_parameters() if one.data_ptr() != before[name]}
        assert moved == set(flat.names) == {name for name in before if not name.startswith("encoder.")}
        assert flat.values.numel() == sum(-(-one.numel() // 16) * 16 for one in model.parameters() if one.requires_grad)

    def test_vectors_alone(self, model: EncoderDecoder) -> None:
        for parameter in model.parameters():
            parameter.requires_grad_(parameter.ndim == 1)
        flat = FlatParameters(model)
        assert flat.matrices == slice(0, 0)
        assert flat.vectors == slice(0, flat.values.numel())

    def test_a_copy_that_follows_has_the_same_layout_and_no_gradients(self, model: EncoderDecoder) -> None:
        model.decoder.requires_grad_(False)
        flat = FlatParameters(model)
        follower = FlatParameters(copy.deepcopy(model).requires_grad_(False), flat.names)
        assert torch.equal(follower.values, flat.values)
        assert follower.gradients.numel() == 0
        assert all(parameter.grad is None for parameter in follower.model.parameters())

    def test_none_is_refused_in_one_line(self, model: EncoderDecoder) -> None:
        with pytest.raises(
            TrainingError, match=r"^all \d+ weights of the model are frozen, so nothing is left to train;"
        ):
            FlatParameters(model.requires_grad_(False))


def test_chosen_parameters_apart(model: EncoderDecoder) -> None:
    """The pieces are all of a part, and each parameter is in a piece of its kind."""
    flat = FlatParameters(model)
    for part in (flat.matrices, flat.vectors):
        pieces = flat.apart(part, lambda name: name.startswith("decoder."))
        assert [one.start for one, _ in pieces] == [part.start, *(one.stop for one, _ in pieces[:-1])]
        assert pieces[-1][0].stop == part.stop
        inside = torch.zeros_like(flat.values)
        for piece, is_chosen in pieces:
            if is_chosen:
                inside[piece] = 1.0
        for name, view in flat.views(inside).items():
            begin = flat.views(torch.arange(len(flat.values)))[name].flatten()[0]
            if part.start <= begin < part.stop:
                assert bool((view == 1.0).all()) == name.startswith("decoder.")
                assert bool((view == view.flatten()[0]).all())
    assert flat.apart(flat.matrices, lambda name: False) == [(flat.matrices, False)]
