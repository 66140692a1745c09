"""Whether a model is the same still, however it was changed (faults.md A1)."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from clearhead.runtimes import contents
from clearhead.runtimes.contents import Contents


class Layer(nn.Module):
    """Odd sizes, a vector shorter than any word, half precision, and a buffer."""

    steps: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.matrix = nn.Parameter(torch.arange(35.0).view(5, 7))
        self.short = nn.Parameter(torch.ones(3, dtype=torch.float16))
        self.empty = nn.Parameter(torch.empty(0))
        self.inside = nn.Linear(300, 3)
        # As many in every lane of the digest, and an even number, so that equal changes could cancel each other.
        self.many = nn.Parameter(torch.randn(64 * 128, 8, generator=torch.Generator().manual_seed(1)))
        self.register_buffer("steps", torch.zeros(1))


@pytest.fixture(params=["C", "a copy"])
def layer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Layer:
    """Held by a digest in C, where there is a compiler; and by a copy, as on a GPU."""
    if request.param == "a copy":
        monkeypatch.setattr(contents.native, "library", lambda: None)
    return Layer()


def transpose(layer: Layer) -> None:
    layer.matrix.data = layer.matrix.data.t().contiguous().t()
    layer.matrix.data[0, 1] = -1


CHANGES: list[Callable[[Layer], object]] = [
    lambda layer: layer.matrix.data.zero_(),
    lambda layer: layer.short.data.add_(0.001),
    lambda layer: layer.steps.numpy().fill(1),
    lambda layer: layer.inside.bias.detach().numpy().__setitem__(2, 9),
    lambda layer: layer.inside.weight.data.copy_(layer.inside.weight.data.flip(1)),
    lambda layer: layer.inside.weight.data.copy_(layer.inside.weight.data[[1, 0, 2]]),
    lambda layer: setattr(layer.matrix, "data", layer.matrix.data.view(7, 5)),
    lambda layer: setattr(layer.matrix, "data", layer.matrix.data.double()),
    lambda layer: setattr(layer, "matrix", nn.Parameter(layer.matrix.detach().clone())),
    lambda layer: setattr(layer, "more", 3),
    lambda layer: setattr(layer, "more", torch.ones(2)),
    lambda layer: setattr(layer, "inside", nn.Identity()),
    lambda layer: layer.inside.register_forward_hook(lambda *given: None),
    lambda layer: layer.register_forward_pre_hook(lambda *given: None),
    lambda layer: layer.half(),
    lambda layer: layer.many.data.neg_(),
    lambda layer: layer.many.data.mul_(2),
    lambda layer: layer.many.data.view(torch.int32).bitwise_xor_(-(2**31)),
    lambda layer: layer.many.data.copy_(layer.many.data.flip(0)),
    transpose,
]


@pytest.mark.parametrize("number", range(len(CHANGES)))
def test_a_change_is_noticed(layer: Layer, number: int) -> None:
    found = Contents(layer)
    assert found.hold()
    CHANGES[number](layer)
    assert not found.hold()


def test_every_single_byte_counts(layer: Layer) -> None:
    found = Contents(layer)
    for tensor in (layer.matrix, layer.short, layer.inside.weight, layer.inside.bias, layer.steps):
        raw = tensor.detach().view(-1).view(torch.uint8)
        for place in range(0, len(raw), max(1, len(raw) // 50)):
            raw[place] ^= 1
            assert not found.hold()
            raw[place] ^= 1
    assert found.hold()


def test_what_changes_nothing(layer: Layer) -> None:
    found = Contents(layer)
    layer.matrix.data = layer.matrix.data.clone()
    layer.matrix.data.mul_(1)
    layer.zero_grad()
    layer.state_dict()
    assert found.hold()
