"""Label-smoothed cross-entropy."""

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor
from torch.autograd.function import once_differentiable

from clearhead.model.linear import product, transposed_product


def cross_entropy(
    logits: Float[Tensor, "*batch vocabulary"],
    target: Int[Tensor, "*batch"],
    label_smoothing: float = 0.0,
    padding: int = 0,
) -> Float[Tensor, ""]:
    """The cross-entropy of softmax(logits) from the smoothed targets, summed over the real tokens, in nats.

    The smoothed target gives 1 - ε + ε/V to the right token and ε/V to each other one of the V tokens (Szegedy et al.
    2016, equation 7; the paper's section 5.4 takes ε = 0.1). Up to the target's own entropy, which no model can
    change, this is the Kullback-Leibler divergence from it. Positions whose target is `padding` count for nothing.

    It is a sum, so that a step of several batches, or of several machines, divides once by all its tokens.
    """
    return F.cross_entropy(
        _precise(logits).flatten(0, -2),
        target.flatten(),
        ignore_index=padding,
        reduction="sum",
        label_smoothing=label_smoothing,
    )


def linear_cross_entropy(
    vectors: Float[Tensor, "*batch width"],
    matrix: Float[Tensor, "vocabulary width"],
    target: Int[Tensor, "*batch"],
    label_smoothing: float = 0.0,
    padding: int = 0,
    products: torch.dtype | None = None,
) -> Float[Tensor, ""]:
    """`cross_entropy` of the logits `vectors`·`matrix`ᵀ, without ever holding all of them.

    Half of a small model's training is its last layer. Here the real positions alone go through it, a few hundred at
    a time, and each chunk's loss and both of its gradients are computed while its logits are still in the cache.
    `products` is the type of the products' factors and results; None leaves them as they are.
    """
    real = (target != padding).flatten().nonzero().squeeze(1)
    rows = vectors.flatten(0, -2).index_select(0, real)
    wanted = target.flatten()[real]
    loss: Tensor = _ChunkedCrossEntropy.apply(rows, matrix, wanted, label_smoothing, products)  # type: ignore[no-untyped-call]
    return loss


# On a CPU as many rows as keep a chunk's logits near the cache; on a GPU fewer, larger products are better.
_CHUNK = {"cpu": 256}
_LARGE_CHUNK = 4096


class _ChunkedCrossEntropy(torch.autograd.Function):
    """The loss and, in the same pass, its gradients: softmax(logits) - smoothed target, times each factor."""

    @staticmethod
    def forward(
        ctx: Any, rows: Tensor, matrix: Tensor, target: Tensor, label_smoothing: float, products: torch.dtype | None
    ) -> Tensor:
        row_gradient = torch.empty_like(rows)
        matrix_gradient = torch.zeros_like(matrix)
        total = torch.zeros((), dtype=_precise(rows).dtype, device=rows.device)
        size = _CHUNK.get(rows.device.type, _LARGE_CHUNK)
        rows, matrix = (one.to(products or one.dtype) for one in (rows, matrix))
        for start in range(0, len(rows), size):
            part, wanted, out = (one[start : start + size] for one in (rows, target, row_gradient))
            loss, gradient = _loss_and_gradient(_precise(product(part, matrix.T)), wanted[:, None], label_smoothing)
            gradient = gradient.to(products or gradient.dtype)
            total += loss
            out.copy_(product(gradient, matrix))
            matrix_gradient += transposed_product(gradient, part.to(gradient.dtype))
        ctx.save_for_backward(row_gradient, matrix_gradient)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        row_gradient, matrix_gradient = ctx.saved_tensors
        return row_gradient * upstream, matrix_gradient * upstream, None, None, None


def _loss_and_gradient(logits: Tensor, target: Tensor, label_smoothing: float) -> tuple[Tensor, Tensor]:
    """The summed loss of some rows, and its gradient by their logits."""
    probabilities = torch.softmax(logits, dim=-1)
    right, each = 1.0 - label_smoothing, label_smoothing / logits.shape[-1]
    # log Σ exp(logits), from the likeliest token, whose probability is never too small for its logarithm.
    normalizers = logits.amax(dim=-1) - probabilities.amax(dim=-1).log()
    losses = normalizers - right * logits.gather(1, target)[:, 0]
    if label_smoothing:
        losses -= each * logits.sum(dim=-1)
        probabilities.sub_(each)
    # Row by row, and then their sum: the difference of two large sums would lose what is small.
    return losses.sum(), probabilities.scatter_add_(1, target, torch.full_like(target, -right, dtype=logits.dtype))


def _precise(numbers: Tensor) -> Tensor:
    """In float32 at least: a sum over a vocabulary overflows or drowns in 16 bits."""
    return numbers.to(torch.promote_types(numbers.dtype, torch.float32))
