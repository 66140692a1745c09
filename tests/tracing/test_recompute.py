"""Each operation against PyTorch's own, in float64."""

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from clearhead.errors import TraceError
from clearhead.model.config import EPS
from clearhead.tracing.operations import Operation
from clearhead.tracing.recompute import recompute


def drawn(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)), dtype=torch.float64)


def done(
    operation: str, *inputs: Tensor, parameters: tuple[Tensor, ...] = (), **settings: Any
) -> tuple[Tensor, Tensor]:
    given = {f"input {number}": tensor for number, tensor in enumerate(inputs)}
    weights = {f"weight {number}": tensor for number, tensor in enumerate(parameters)}
    return recompute(Operation("result", operation, tuple(given), tuple(weights), settings), given, weights)


def test_attention() -> None:
    query, key, value = drawn(2, 3, 4), drawn(2, 5, 4), drawn(2, 5, 4)
    mask = torch.ones(3, 5).tril()
    scores, _ = done("scores", query, key)
    scaled, _ = done("divide", scores, by=2.0)
    masked, _ = done("mask", scaled, mask)
    weights, _ = done("softmax", masked)
    context, _ = done("weigh", weights, value)
    merged, _ = done("merge", context)
    expected = F.scaled_dot_product_attention(query, key, value, attn_mask=mask.bool())
    torch.testing.assert_close(context, expected)
    torch.testing.assert_close(merged, torch.cat(list(expected), dim=1))


def test_projections() -> None:
    vectors, weight, bias = drawn(3, 8), drawn(8, 8), drawn(8)
    expected = F.linear(vectors, weight, bias)
    torch.testing.assert_close(done("project", vectors, parameters=(weight, bias))[0], expected)
    torch.testing.assert_close(done("project", vectors, parameters=(weight,))[0], vectors @ weight.T)
    heads, _ = done("heads", vectors, parameters=(weight, bias), heads=2, rotary=False)
    torch.testing.assert_close(heads, torch.stack([expected[:, :4], expected[:, 4:]]))


def test_rotary_heads_by_hand() -> None:
    """Position 1 turns the first pair by 1, the second by 1/100; position 0 turns nothing."""
    vectors = torch.tensor([[1.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 1.0]], dtype=torch.float64)
    turned, _ = done("heads", vectors, parameters=(torch.eye(4).double(),), heads=1, rotary=True)
    expected = [[1, 0, 1, 0], [math.cos(1), math.sin(1), -math.sin(0.01), math.cos(0.01)]]
    torch.testing.assert_close(turned[0], torch.tensor(expected, dtype=torch.float64))


def test_normalisation() -> None:
    vectors, weight, bias = drawn(3, 8) + 5, drawn(8), drawn(8)
    mean, variance = vectors.mean(-1, keepdim=True), vectors.var(-1, correction=0, keepdim=True)
    torch.testing.assert_close(done("mean", vectors)[0], mean)
    torch.testing.assert_close(done("variance", vectors, mean)[0], variance)
    found, _ = done("normalize", vectors, mean, variance, parameters=(weight, bias))
    torch.testing.assert_close(found, F.layer_norm(vectors, (8,), weight, bias, EPS))
    square, _ = done("mean_square", vectors)
    found, _ = done("normalize_by_square", vectors, square, parameters=(weight,))
    torch.testing.assert_close(found, F.rms_norm(vectors, (8,), weight, EPS))


@pytest.mark.parametrize(
    ("name", "function"),
    [("relu", F.relu), ("gelu", F.gelu), ("gelu-tanh", lambda x: F.gelu(x, approximate="tanh")), ("silu", F.silu)],
)
def test_activations(name: str, function: Any) -> None:
    inputs = torch.linspace(-5, 5, 41, dtype=torch.float64)
    torch.testing.assert_close(done("activate", inputs, function=name)[0], function(inputs))


def test_embeddings_and_positions() -> None:
    matrix = drawn(9, 4)
    found, _ = done("embed", torch.tensor([3.0, 8.0]), parameters=(matrix,), scale=2.0)
    torch.testing.assert_close(found, F.embedding(torch.tensor([3, 8]), matrix) * 2)
    learned, _ = done("positions", torch.zeros(3), parameters=(matrix,), kind="learned", width=4)
    assert torch.equal(learned, matrix[:3])
    positions, _ = done("positions", torch.zeros(2), kind="sinusoidal", width=4)
    expected = [[0, 1, 0, 1], [math.sin(1), math.cos(1), math.sin(0.01), math.cos(0.01)]]
    torch.testing.assert_close(positions, torch.tensor(expected, dtype=torch.float64), atol=1e-7, rtol=0)


def test_the_magnitude_is_what_was_added_up() -> None:
    """1000 - 999 is 1, rounded as numbers of 1999 are."""
    value, magnitude = done("add", torch.tensor([1000.0]), torch.tensor([-999.0]))
    assert (value.item(), magnitude.item()) == (1, 1999)
    value, magnitude = done("project", torch.tensor([[2.0, 3.0]]), parameters=(torch.tensor([[1.0, -1.0]]),))
    assert (value.item(), magnitude.item()) == (-1, 5)


@pytest.mark.parametrize("seed", range(5))
def test_a_normalisation_is_held_to_how_its_mean_and_variance_were_rounded(seed: int) -> None:
    """faults.md A0: a number near the mean was held to its own size, which says nothing of how the mean was rounded.

    A sum of n numbers in float32 is right to about √n roundings (2⁻²⁴) of the sum of their magnitudes (Higham 2002,
    section 4.2), and a model's own mean and variance may lie so far from the recorded ones, whatever the processor.
    """
    width, rounding = 1024, 2.0**-24
    vectors = torch.randn(64, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) + seed
    weight, bias = torch.ones(width, dtype=torch.float64), torch.zeros(width, dtype=torch.float64)
    mean, variance = vectors.mean(-1, keepdim=True), vectors.var(-1, correction=0, keepdim=True)
    slack = width**0.5 * rounding
    own_mean = mean + slack * vectors.abs().mean(-1, keepdim=True)
    own_variance = variance - slack * (vectors**2 + mean**2).mean(-1, keepdim=True)
    own = (vectors - own_mean) / (own_variance + EPS).sqrt()
    found, magnitude = done("normalize", vectors, mean, variance, parameters=(weight, bias))
    assert ((own - found).abs() / magnitude).max() <= slack * 1.01  # To first order, so with a hundredth to spare.


def test_what_is_missing_is_named() -> None:
    with pytest.raises(KeyError, match="memory"):
        recompute(Operation("result", "same", ("memory",)), {}, {})


@pytest.mark.parametrize(
    ("operation", "settings", "said"),
    [
        ("activate", {"function": "mish"}, "function of 'activate' 'mish' cannot be checked, which knows relu, gelu, "),
        (
            "positions",
            {"kind": "alibi", "width": 4},
            "kind of 'positions' 'alibi' cannot be checked, which knows sinus",
        ),
        ("convolve", {}, "operation 'convolve' cannot be checked, which knows embed, "),
    ],
)
def test_what_is_not_known_is_named(operation: str, settings: dict[str, Any], said: str) -> None:
    """As where somebody gave the model a part of a new kind, and not yet the check."""
    with pytest.raises(TraceError, match=said) as raised:
        done(operation, drawn(3, 4), **settings)
    assert "\n" not in str(raised.value)
