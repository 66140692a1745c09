"""LoRA: what an adapter adds, and the weight that it becomes part of."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from clearhead.model import EncoderDecoder, street
from clearhead.model.as_built import departure
from clearhead.model.linear import Linear, fused_linear, set_matmul_dtype
from clearhead.model.low_rank import LowRank, adapters, attach, layers_named, merged


def layer(weight: list[list[float]]) -> Linear:
    numbers = torch.tensor(weight)
    made = Linear(numbers.shape[1], numbers.shape[0], bias=False)
    made.weight = nn.Parameter(numbers)
    return made


def adapted(scale: float = 2.0) -> Linear:
    """W of 2×3 beside A = (1 0 2) and B = (1, -1)ᵀ, of rank 1."""
    made = layer([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    attach([made], 1, scale, 1)
    assert isinstance(made.adapter, LowRank)
    made.adapter.down.weight.data = torch.tensor([[1.0, 0.0, 2.0]])
    made.adapter.up.weight.data = torch.tensor([[1.0], [-1.0]])
    return made


def test_what_is_added_by_hand() -> None:
    """x = (1, 2, 3): W·x = (1, 2), A·x = 7, α/r = 2, so that (14, -14) is added."""
    assert adapted()(torch.tensor([1.0, 2.0, 3.0])).tolist() == [15.0, -12.0]


def test_the_merged_weight_by_hand() -> None:
    """B·A = ((1 0 2), (-1 0 -2)), twice, beside the identity of W."""
    made = merged(nn.ModuleList([adapted()]))[0]
    assert made.weight.tolist() == [[3.0, 0.0, 4.0], [-2.0, 1.0, -4.0]]
    assert made.adapter is None


def test_alpha_is_divided_by_the_rank() -> None:
    """Hu et al. 2021, section 4.1: α/r."""
    made = layer([[1.0, 2.0], [3.0, 4.0]])
    attach([made], 2, 3.0, 1)
    assert made.adapter is not None
    assert made.adapter.scale == 1.5


def test_it_begins_with_nothing_added_and_repeats() -> None:
    first, second = layer([[1.0, 2.0]] * 4), layer([[1.0, 2.0]] * 4)
    attach([first], 3, 8.0, 5)
    attach([second], 3, 8.0, 5)
    inputs = torch.tensor([[0.5, -2.0]])
    assert torch.equal(first(inputs), F.linear(inputs, first.weight))
    assert first.adapter is not None
    assert second.adapter is not None
    assert torch.equal(first.adapter.down.weight, second.adapter.down.weight)
    assert first.adapter.down.weight.abs().max() <= 2**-0.5
    assert first.adapter.down.weight.unique().numel() == 6


@pytest.mark.parametrize("matmul_dtype", [torch.float32, torch.bfloat16])
def test_layers_of_the_same_inputs_in_one_product(matmul_dtype: torch.dtype) -> None:
    """One of three has an adapter, and each gives what it gives alone; the weights have no gradient."""
    layers = [adapted(), layer([[1.0, 1.0, 1.0]]), adapted(0.5)]
    for one in layers:
        set_matmul_dtype(one, matmul_dtype)
        one.weight.requires_grad_(False)
    inputs = torch.tensor([[1.0, 2.0, 3.0], [-1.0, 0.5, 2.0]], requires_grad=True)
    together = fused_linear(inputs, layers)
    for one, found in zip(layers, together, strict=True):
        assert torch.equal(found, one(inputs))
    torch.stack([one.sum() for one in together]).sum().backward()  # type: ignore[no-untyped-call]
    assert all(one.weight.grad is None for one in layers)
    assert isinstance(layers[0].adapter, LowRank)
    # The sum's gradient by B is A·x of all rows, twice: 7 + 3 = 10.
    assert layers[0].adapter.up.weight.grad is not None
    assert layers[0].adapter.up.weight.grad.tolist() == [[20.0], [20.0]]
    # By x: column sums of each merged weight.
    assert inputs.grad is not None
    assert inputs.grad[0].tolist() == [1 + 1 + 1, 1 + 1 + 1, 1]


def test_names_end_with_a_pattern() -> None:
    model = EncoderDecoder(street(11, 11))
    found = list(layers_named(model, ["query"]))
    assert found[:2] == ["encoder.layers.0.self_attention.query", "encoder.layers.1.self_attention.query"]
    assert "decoder.layers.0.cross_attention.query" in found
    assert list(layers_named(model, ["encoder.layers.0.*.value"])) == ["encoder.layers.0.self_attention.value"]
    assert not layers_named(model, ["uery", "output.matrix"])


def test_a_merged_model_shares_what_it_did_not_change() -> None:
    model = EncoderDecoder(street(11, 11))
    attach(list(layers_named(model, ["value"]).values()), 2, 4.0, 1)
    made = merged(model)
    assert not list(adapters(made))
    assert departure(made) is None
    assert departure(model) is not None
    assert len(list(adapters(model))) == 6
    theirs = dict(made.named_parameters())
    new = {name for name, one in model.named_parameters() if name in theirs and theirs[name] is not one}
    assert new == {f"{name}.weight" for name in layers_named(model, ["value"])}


@pytest.mark.parametrize("target", ["query", "inner", "outer", "*"])
def test_a_merged_model_is_as_it_was_built(target: str) -> None:
    """So that C serves it, whatever else a layer was told after its adapter's place was made."""
    model = EncoderDecoder(street(40, 40), seed=1)
    attach(list(layers_named(model, [target]).values()), 2, 4.0, 1)
    assert departure(merged(model)) is None
