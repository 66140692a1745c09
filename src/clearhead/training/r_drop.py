"""R-Drop: two passes over the same batch, with dropout of their own, are to predict the same (Liang et al. 2021)."""

import functools

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from clearhead.recipe import LossSettings
from clearhead.training.loss import chunked_loss, cross_entropy, loss_and_gradient


def whole_linear_r_drop(
    vectors: Float[Tensor, "2 *batch width"],
    matrix: Float[Tensor, "vocabulary width"],
    target: Int[Tensor, "*batch"],
    settings: LossSettings,
    padding: int,
    matmul_dtype: torch.dtype | None = None,
) -> Float[Tensor, ""]:
    """½·(CE₁ + CE₂) + ½·α·½·(KL(p₁ ‖ p₂) + KL(p₂ ‖ p₁)), summed over the real tokens: the plain way.

    CE is the label-smoothed cross-entropy of each pass, p what it predicts, α `settings.r_drop`. It is half of the
    sum in "R-Drop: Regularized Dropout for Neural Networks", equation 4, so that it compares with the loss of one pass.
    The host reads nothing, so a step of a GPU can be recorded.
    """
    vectors, matrix = (one.to(matmul_dtype or one.dtype) for one in (vectors, matrix))
    logits = F.linear(vectors, matrix)
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    costs = [cross_entropy(one, target, settings.label_smoothing, padding=padding) for one in logits.unbind()]
    first, second = logits.log_softmax(dim=-1).unbind()
    divergence = (((first.exp() - second.exp()) * (first - second)).sum(dim=-1) * (target != padding)).sum()
    return (costs[0] + costs[1] + settings.r_drop / 2 * divergence) / 2


def linear_r_drop(
    vectors: Float[Tensor, "2 *batch width"],
    matrix: Float[Tensor, "vocabulary width"],
    target: Int[Tensor, "*batch"],
    settings: LossSettings,
    padding: int,
    matmul_dtype: torch.dtype | None = None,
) -> Float[Tensor, ""]:
    """`whole_linear_r_drop`, without ever holding all logits, as `linear_cross_entropy` does it."""
    function = functools.partial(_r_drop_and_gradient, settings=settings)
    return chunked_loss(vectors.flatten(1, -2), matrix, target, function, padding, matmul_dtype)


def _r_drop_and_gradient(logits: Tensor, target: Tensor, settings: LossSettings) -> tuple[Tensor, Tensor]:
    """The summed loss of some rows of both passes, and its gradient by their logits, which takes their place."""
    first, second = logits.chunk(2)
    # The difference of the logits, which up to a number for each row is that of the log-probabilities: the divergences
    # and their gradients, being differences of means, do not see such a number.
    apart = first - second
    probabilities = torch.softmax(logits, dim=-1)
    p, q = probabilities.chunk(2)
    mean_p, mean_q = ((one * apart).sum(dim=-1, keepdim=True) for one in (p, q))
    costs, gradient = loss_and_gradient(logits, target.repeat(2, 1), settings.label_smoothing)
    loss = (costs + settings.r_drop / 2 * (mean_p - mean_q).sum()) / 2
    # ∂(KL(p ‖ q) + KL(q ‖ p)) by the logits of p: p ⊙ (log p/q - Σ p log p/q) + p - q; and of q likewise.
    weight = settings.r_drop / 2
    for part, own, other, difference in (
        (gradient.chunk(2)[0], p, q, apart - mean_p),
        (gradient.chunk(2)[1], q, p, mean_q - apart),
    ):
        part.addcmul_(own, difference.add_(1.0), value=weight).sub_(other, alpha=weight)
    return loss, gradient.mul_(0.5)
