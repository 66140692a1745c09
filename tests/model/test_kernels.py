"""The two forms of attention: against torch's own, against each other, and against arithmetic done by hand."""

import itertools
import math

import jaxtyping
import pytest
import torch
import torch.nn.functional as F

from clearhead.errors import ConfigError
from clearhead.model import causal_mask, explicit_attention, fused_attention, kernels, padding_mask
from clearhead.model.kernels import attention, safe_softmax

BATCH, HEADS, QUERIES, KEYS, HEAD_WIDTH = 3, 2, 5, 5, 8


def random_inputs(dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(4)
    shapes = ((BATCH, HEADS, QUERIES, HEAD_WIDTH), (BATCH, HEADS, KEYS, HEAD_WIDTH), (BATCH, HEADS, KEYS, HEAD_WIDTH))
    query, key, value = (torch.randn(shape, generator=generator, dtype=dtype) for shape in shapes)
    return query.requires_grad_(), key.requires_grad_(), value.requires_grad_()


def random_bias(sentences: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(7)
    return torch.randn(sentences, HEADS, QUERIES, KEYS, generator=generator, dtype=dtype).requires_grad_()


IDS = torch.tensor([[5, 5, 5, 5, 5], [5, 5, 5, 0, 0], [5, 0, 0, 0, 0]])
NOTHING = torch.ones(BATCH, 1, QUERIES, KEYS, dtype=torch.bool)
NOTHING[1, 0, 2] = False
NOTHING[2] = False
MASKS = {
    "none": None,
    "padding": padding_mask(IDS, 0),
    "causal": causal_mask(QUERIES),
    "padding and causal": padding_mask(IDS, 0) & causal_mask(QUERIES),
    "rows that may attend to nothing": NOTHING,
    "a mask for each head": torch.rand(BATCH, HEADS, QUERIES, KEYS, generator=torch.Generator().manual_seed(5)) > 0.4,
}


@pytest.fixture(params=["turned scores", "torch's operator"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways in which fused attention computes, whatever the sizes of a test would choose."""
    monkeypatch.setattr(kernels, "_SHORT", KEYS if request.param == "turned scores" else 0)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS.keys())
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
@pytest.mark.parametrize("scale", [None, 0.7])
@pytest.mark.parametrize("biased", [0, 1, BATCH], ids=["no bias", "one bias", "a bias for each sentence"])
def test_explicit_and_fused_attention_agree_gradients_included(
    mask: torch.Tensor | None, dtype: torch.dtype, tolerance: float, scale: float | None, biased: int
) -> None:
    generator = torch.Generator().manual_seed(6)
    upstream = torch.randn(BATCH, HEADS, QUERIES, HEAD_WIDTH, generator=generator, dtype=dtype)
    results = []
    for kernel in (explicit_attention, fused_attention):
        inputs, bias = random_inputs(dtype), random_bias(biased, dtype) if biased else None
        context = kernel(*inputs, mask, scale=scale, bias=bias)
        given = inputs if bias is None else (*inputs, bias)
        results.append((context, *torch.autograd.grad(context, given, upstream)))
    for explicit, fused in zip(*results, strict=True):
        assert torch.isfinite(explicit).all()
        torch.testing.assert_close(explicit, fused, rtol=0, atol=tolerance)


@pytest.mark.usefixtures("way")
def test_no_sentence_at_all() -> None:
    empty = torch.zeros(0, HEADS, QUERIES, HEAD_WIDTH)
    assert fused_attention(empty, empty, empty, None).shape == empty.shape


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_under_autocast_and_compiled_into_one_graph() -> None:
    """Autocast gives factors of two types, which torch's own operator casts; fullgraph refuses to look at a number."""
    query, key, value = random_inputs(torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        context = fused_attention(query, key.bfloat16(), value, None)
    torch.autograd.backward(context.float().sum())
    assert query.grad is not None
    with torch.no_grad():
        # Below the function that checks shapes, which is done in tests only.
        way = kernels._ShortAttention
        compiled = torch.compile(lambda *given: way.apply(*given), fullgraph=True, backend="eager")
        torch.testing.assert_close(
            compiled(query, key, value, NOTHING, None), fused_attention(query, key, value, NOTHING)
        )


@pytest.mark.usefixtures("way")
def test_a_row_that_may_attend_to_nothing_gives_zeros_and_no_nan() -> None:
    for kernel, bias in itertools.product((explicit_attention, fused_attention), (None, random_bias(1))):
        inputs = random_inputs()
        context = kernel(*inputs, NOTHING, bias=bias)
        assert (context[2] == 0).all()
        assert (context[1, :, 2] == 0).all()
        for gradient in torch.autograd.grad(context.sum(), inputs if bias is None else (*inputs, bias)):
            assert torch.isfinite(gradient).all()


def test_attention_equals_the_mathematical_reference_of_torch_to_a_millionth() -> None:
    """F.scaled_dot_product_attention documents its own definition; here in float32, as users call it."""
    query, key, value = random_inputs(torch.float32)
    context, weights = attention(query, key, value)
    reference = torch.softmax(query @ key.transpose(-2, -1) / math.sqrt(HEAD_WIDTH), dim=-1)
    torch.testing.assert_close(weights, reference, rtol=0, atol=1e-6)
    torch.testing.assert_close(context, F.scaled_dot_product_attention(query, key, value), rtol=0, atol=1e-6)


@pytest.mark.usefixtures("way")
def test_a_bias_is_added_to_the_scaled_scores() -> None:
    """As torch's attn_mask of numbers: softmax(QKᵀ/√d_k + bias)V."""
    query, key, value = random_inputs()
    bias = random_bias(1)
    expected = torch.softmax(query @ key.mT / math.sqrt(HEAD_WIDTH) + bias, dim=-1) @ value
    torch.testing.assert_close(fused_attention(query, key, value, None, bias=bias), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("mask", [mask for mask in MASKS.values() if mask is not None])
def test_attention_equals_torch_under_a_mask(mask: torch.Tensor) -> None:
    query, key, value = random_inputs(torch.float32)
    context, weights = attention(query, key, value, mask)
    expected = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    torch.testing.assert_close(context, expected, rtol=0, atol=1e-6)
    assert (weights.masked_select(~mask.expand_as(weights)) == 0).all()


def test_attention_by_hand() -> None:
    """d_k = 4, so √d_k = 2. Scores 2·ln 3 and 0 become ln 3 and 0; softmax gives 3/4 and 1/4."""
    query = torch.tensor([[1.0, 0.0, 0.0, 0.0]])
    key = torch.tensor([[2 * math.log(3.0), 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]])
    value = torch.tensor([[4.0, 0.0], [0.0, 8.0]])
    context, weights = attention(query, key, value)
    torch.testing.assert_close(weights, torch.tensor([[0.75, 0.25]]))
    torch.testing.assert_close(context, torch.tensor([[3.0, 2.0]]))


def test_what_explicit_attention_shows_is_the_equation_step_by_step() -> None:
    seen: dict[str, torch.Tensor] = {}
    query, key, value = random_inputs()
    mask = causal_mask(QUERIES)
    context = explicit_attention(
        query, key, value, mask, see=lambda name, tensor, *_, **__: seen.setdefault(name, tensor)
    )
    assert list(seen) == ["scores", "scaled", "masked", "weights", "context"]
    torch.testing.assert_close(seen["scaled"] * math.sqrt(HEAD_WIDTH), seen["scores"])
    assert (seen["masked"][..., 0, 1:] == -math.inf).all()
    torch.testing.assert_close(seen["weights"].sum(-1), torch.ones(BATCH, HEADS, QUERIES, dtype=torch.float64))
    assert seen["context"] is context


def test_what_an_observer_returns_goes_on() -> None:
    """Silencing every head: weights of zero give a context of zero."""
    query, key, value = random_inputs()
    context = explicit_attention(
        query, key, value, None, see=lambda name, tensor, *_, **__: tensor * 0 if name == "weights" else tensor
    )
    assert (context == 0).all()


def test_softmax_is_torch_s_where_anything_is_allowed() -> None:
    scores = torch.tensor([[1.0, 2.0, -math.inf], [-math.inf, -math.inf, -math.inf]])
    expected = torch.stack((torch.softmax(scores[0], dim=-1), torch.zeros(3)))
    assert torch.equal(safe_softmax(scores), expected)


def test_dropped_weights_are_scaled_up() -> None:
    """With all values 1 a context is the sum of its weights: 0 … 2 under a rate of one half, 1 on average."""
    torch.manual_seed(1)
    query, key = torch.zeros(1, 1, 2_000, 4), torch.zeros(1, 1, 10, 4)
    context = explicit_attention(query, key, torch.ones(1, 1, 10, 1), None, dropout=0.5)
    assert abs(context.mean().item() - 1.0) < 0.02
    assert context.unique().numel() > 5


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((2, 4), (3, 5), (3, 4)), "query has width 4 but key has width 5"),
        (((2, 4), (3, 4), (2, 4)), "there are 3 keys but 2 values"),
    ],
)
def test_shapes_that_do_not_fit_are_named(shapes: tuple[tuple[int, int], ...], message: str) -> None:
    query, key, value = (torch.zeros(shape) for shape in shapes)
    # Outside of tests no shape is checked at the door, so this is what a user sees.
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        with pytest.raises(ConfigError, match=message):
            attention(query, key, value)
    finally:
        jaxtyping.config.update("jaxtyping_disable", False)
