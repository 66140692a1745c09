"""Scaled dot-product attention, twice: the equation as the paper writes it, and the same computed fast.

They are held equal, gradients included, over every kind of mask.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from clearhead.model.checks import require_fit, require_mask
from clearhead.model.observed import unseen
from clearhead.switches import is_on


def explicit_attention(
    query: Float[Tensor, "*batch queries head_width"],
    key: Float[Tensor, "*batch keys head_width"],
    value: Float[Tensor, "*batch keys value_width"],
    mask: Bool[Tensor, "*#batch #queries keys"] | None,
    see: Callable[..., Tensor] = unseen,
    dropout: float = 0.0,
    scale: float | None = None,
    bias: Float[Tensor, "*#batch queries keys"] | None = None,
) -> Float[Tensor, "*batch queries value_width"]:
    """Scaled dot-product attention, softmax(QKᵀ/√d_k)V, one visible step at a time; `scale` stands for 1/√d_k.

    bias: what is added to the scaled scores, where positions are relative (Shaw et al. 2018; Raffel et al. 2020).

    Source: "Attention Is All You Need", section 3.2.1, equation 1.
    """
    require_mask(mask)
    root = math.sqrt(query.shape[-1]) if scale is None else 1 / scale
    scores = see("scores", query @ key.mT, "scores", query, key)
    scaled = see("scaled", scores / root if scale is None else scores * scale, "divide", scores, by=root)
    if bias is not None:
        scaled = see("biased", scaled + bias, "add", scaled, bias)
    allowed = scaled if mask is None else scaled.masked_fill(~mask, -math.inf)
    allowed = see("masked", allowed, "same" if mask is None else "mask", scaled, mask)
    weights = see("weights", safe_softmax(allowed), "softmax", allowed)
    return see("context", F.dropout(weights, dropout) @ value, "weigh", weights, value)


def fused_attention(
    query: Float[Tensor, "batch heads queries head_width"],
    key: Float[Tensor, "batch heads keys head_width"],
    value: Float[Tensor, "batch heads keys head_width"],
    mask: Bool[Tensor, "#batch #heads #queries keys"] | None,
    dropout: float = 0.0,
    scale: float | None = None,
    bias: Float[Tensor, "#batch heads queries keys"] | None = None,
) -> Float[Tensor, "batch heads queries head_width"]:
    """The same as `explicit_attention`, by whichever way is fast for these shapes.

    Torch's own operator keeps no scores and no weights. On a CPU it is slow at short rows, such as those of sentences.
    """
    require_mask(mask)
    is_short = query.shape[-2] >= 4 and key.shape[-2] <= _SHORT and query.device.type == "cpu" and dropout == 0.0
    is_plain = torch.is_autocast_enabled("cpu") or torch.compiler.is_compiling()
    if is_short and not is_plain and is_on("short-attention"):
        context: Tensor = _ShortAttention.apply(query, key, value, mask, scale, bias)  # type: ignore[no-untyped-call]
        return context
    if bias is not None:  # Torch's operator has one argument for both.
        mask = bias.to(query.dtype) if mask is None else bias.to(query.dtype).masked_fill(~mask, -math.inf)
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=dropout, scale=scale)


# The most keys up to which the products and the softmax of `_ShortAttention` are at least as fast as torch's operator:
# measured on Zen 4, training. At 64 keys, a whole block of that operator, it is a tenth slower.
_SHORT = 63


class _ShortAttention(torch.autograd.Function):
    """The equation with the scores turned, keys by queries, so that the softmax runs down the columns.

    Down columns a processor takes many queries at once; along rows of a dozen numbers it hardly takes any (2.1 ms
    against 0.5 ms for 16,200 rows of 15). The gradient is written out: with so few numbers the steps that autograd
    would put between, each with a copy, cost as much as the products. It has no gradient of its own in turn.
    """

    @staticmethod
    def forward(
        ctx: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        mask: Tensor | None,
        scale: float | None,
        bias: Tensor | None = None,
    ) -> Tensor:
        shape, scale = query.shape, 1.0 / math.sqrt(query.shape[-1]) if scale is None else scale
        query, key, value = (one.flatten(0, 1) for one in (query, key, value))
        scores = torch.bmm(key, query.mT).view(*shape[:2], key.shape[1], query.shape[1])
        # In the place of the scores: memory that was just written is still in the cache.
        added = _added(mask, bias, scores)
        if added is None:
            scores.mul_(scale)
        else:
            torch.add(added, scores, alpha=scale, out=scores)
        weights = torch.softmax(scores, dim=-2, out=scores)
        if mask is not None:
            weights *= mask.any(dim=-1)[..., None, :]
        weights = weights.flatten(0, 1)
        ctx.save_for_backward(query, key, value, weights)
        ctx.scale, ctx.bias = scale, None if bias is None else bias.shape
        return torch.bmm(weights.mT, value).view(*shape[:3], value.shape[-1])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None, Tensor | None]:
        query, key, value, weights = ctx.saved_tensors
        shape, context = upstream.shape, upstream.flatten(0, 1)
        # ∂softmax: w ⊙ (g - Σ w ⊙ g), the sum over a query's keys.
        scores = torch.bmm(value, context.mT).mul_(weights)
        scores.addcmul_(weights, scores.sum(dim=-2, keepdim=True), value=-1.0)
        unset = query.new_empty(())
        gradients = (
            torch.baddbmm(unset, scores.mT, key, beta=0.0, alpha=ctx.scale),
            torch.baddbmm(unset, scores, query, beta=0.0, alpha=ctx.scale),
            torch.bmm(weights, context),
        )
        query, key, value = (one.view(*shape[:2], *one.shape[1:]) for one in gradients)
        bias = scores.view(*shape[:2], *scores.shape[1:]).mT.sum_to_size(ctx.bias) if ctx.needs_input_grad[5] else None
        return query, key, value, None, None, bias


def _added(mask: Tensor | None, bias: Tensor | None, scores: Tensor) -> Tensor | None:
    """What is added to turned scores: the bias or 0 where a query may attend, else a number far below every score.

    It is finite: a query that may attend to nothing must not divide 0 by 0.
    """
    if mask is None:
        return None if bias is None else bias.mT
    turned, least = mask.mT, torch.finfo(scores.dtype).min / 2
    if bias is not None:
        return bias.mT.masked_fill(~turned, least)
    return torch.zeros(turned.shape, dtype=scores.dtype, device=turned.device).masked_fill_(~turned, least)


def safe_softmax(scores: Float[Tensor, "*batch keys"]) -> Float[Tensor, "*batch keys"]:
    """Softmax over the keys, in which a row that may attend to nothing (all -∞) is all zeros instead of 0/0."""
    empty = (scores == -math.inf).all(dim=-1, keepdim=True)
    # The row is filled before the softmax too: a NaN that is only hidden afterwards comes back in the gradient.
    return torch.softmax(scores.masked_fill(empty, 0.0), dim=-1).masked_fill(empty, 0.0)


def attention(
    query: Float[Tensor, "*batch queries head_width"],
    key: Float[Tensor, "*batch keys head_width"],
    value: Float[Tensor, "*batch keys value_width"],
    mask: Bool[Tensor, "*#batch #queries keys"] | None = None,
) -> tuple[Float[Tensor, "*batch queries value_width"], Float[Tensor, "*batch queries keys"]]:
    """The paper's equation 1: `context, weights = attention(query, key, value)`.

    weights = softmax(QKᵀ/√d_k), one row for each query, summing to 1; context = weights·V, one vector for each query.
    `mask` is True where a query may attend to a key; a query that may attend to nothing gets zeros.

    Raises ConfigError where shapes, types or devices do not fit each other, and for a mask of numbers.
    """
    require_fit(query, key, value, mask)
    seen: dict[str, Tensor] = {}

    def see(name: str, tensor: Tensor, *made_of: Any, **how: Any) -> Tensor:
        return seen.setdefault(name, tensor)

    context = explicit_attention(query, key, value, mask, see)
    return context, seen["weights"]
