"""The feed-forward network against equation 2 and the gated forms of Shazeer 2020, written out."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from clearhead.model.config import BlockConfig
from clearhead.model.feed_forward import FeedForward
from clearhead.model.initialization import initialize
from clearhead.model.linear import set_matmul_dtype

FUNCTIONS = {
    "relu": lambda x: x.clamp(min=0),
    "gelu": lambda x: x * 0.5 * (1 + torch.erf(x / 2**0.5)),
    "gelu-tanh": lambda x: x * 0.5 * (1 + torch.tanh((2 / torch.pi) ** 0.5 * (x + 0.044715 * x**3))),
    "silu": lambda x: x * torch.sigmoid(x),
    "relu2": lambda x: x.clamp(min=0) ** 2,
}
GATES = {"reglu": "relu", "geglu": "gelu", "geglu-tanh": "gelu-tanh", "swiglu": "silu"}


def network(activation: str) -> FeedForward:
    config = BlockConfig(width=4, heads=2, inner_width=6, activation=activation)
    module = FeedForward(config).double()
    initialize(module, seed=2)
    return module


def inputs() -> Tensor:
    return torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


@pytest.mark.parametrize("activation", FUNCTIONS)
def test_plain_forms(activation: str) -> None:
    module, x = network(activation), inputs()
    inner = F.linear(x, module.inner.weight, module.inner.bias)
    expected = F.linear(FUNCTIONS[activation](inner), module.outer.weight, module.outer.bias)
    torch.testing.assert_close(module(x), expected)


@pytest.mark.parametrize(("activation", "function"), GATES.items())
def test_gated_forms(activation: str, function: str) -> None:
    module, x = network(activation), inputs()
    assert module.gate is not None
    gated = FUNCTIONS[function](module.inner(x)) * module.gate(x)
    torch.testing.assert_close(module(x), module.outer(gated))


def test_a_layer_by_hand() -> None:
    """x = (1, 2), W_1 = (1, -1), b_1 = 3 gives 2; max(0, 2)·(5, 0) + (0, 7) = (10, 7). Negatives are cut to b_2."""
    config = BlockConfig(width=2, heads=1, inner_width=1)
    module = FeedForward(config)
    with torch.no_grad():
        module.inner.weight.copy_(torch.tensor([[1.0, -1.0]]))
        module.inner.bias.fill_(3.0)
        module.outer.weight.copy_(torch.tensor([[5.0], [0.0]]))
        module.outer.bias.copy_(torch.tensor([0.0, 7.0]))
    assert module(torch.tensor([[[1.0, 2.0], [0.0, 9.0]]])).tolist() == [[[10.0, 7.0], [0.0, 7.0]]]


def test_every_position_goes_through_the_same_weights() -> None:
    module, x = network("relu"), inputs()
    torch.testing.assert_close(module(x.flip(1)), module(x).flip(1))


@pytest.mark.parametrize("activation", ["relu", "gelu", "gelu-tanh", "silu"])
def test_what_stays_rounded_between_two_products_would_be_rounded_by_the_second(activation: str) -> None:
    """Not a bit differs, forward and backward, from the way by float32."""
    module = FeedForward(BlockConfig(width=64, heads=1, inner_width=96, bias=False, activation=activation))
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / 8)
    set_matmul_dtype(module, torch.bfloat16)
    x, upstream = (torch.randn(2, 25, 64, generator=generator) for _ in range(2))
    x.requires_grad_()
    found = []
    for keeps in (True, False):
        module.inner.keeps_dtype = keeps
        result = module(x)
        assert result.dtype == torch.float32
        found.append((result, *torch.autograd.grad(result, [x, *module.parameters()], upstream)))
    for one, other in zip(*found, strict=True):
        assert one.dtype == torch.float32
        assert torch.equal(one, other)


def test_what_is_rounded_once_more_does_not_stay_rounded() -> None:
    """A bias that is added, a gate that is multiplied with, dropout that is scaled."""
    kinds = {"bias": True}, {"bias": False, "activation": "geglu"}, {"bias": False, "activation_dropout": 0.1}
    for kind in kinds:
        assert not FeedForward(BlockConfig(width=4, heads=1, inner_width=4, **kind)).inner.keeps_dtype
    assert FeedForward(BlockConfig(width=4, heads=1, inner_width=4, bias=False)).inner.keeps_dtype
