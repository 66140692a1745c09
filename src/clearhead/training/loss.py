"""Label-smoothed cross-entropy."""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor
from torch.autograd.function import once_differentiable

from clearhead.model.linear import matmul, pad_rows, transposed_matmul


def cross_entropy(
    logits: Float[Tensor, "*batch vocabulary"],
    target: Int[Tensor, "*batch"],
    label_smoothing: float = 0.0,
    *,
    padding: int,
) -> Float[Tensor, ""]:
    """The cross-entropy of softmax(logits) from the smoothed targets, summed over the real tokens, in nats.

    The smoothed target gives 1 - ε + ε/V to the right token and ε/V to each other one of the V tokens (Szegedy et al.
    2016, equation 7; the paper's section 5.4 takes ε = 0.1). Up to the target's own entropy, which no model can
    change, this is the Kullback-Leibler divergence from it. Positions whose target is `padding` count for nothing.

    It is a sum, so that a step of several batches, or of several machines, divides once by all its tokens.
    """
    return F.cross_entropy(
        _promoted(logits).flatten(0, -2),
        target.flatten(),
        ignore_index=padding,
        reduction="sum",
        label_smoothing=label_smoothing,
    )


def whole_linear_cross_entropy(
    vectors: Float[Tensor, "*batch width"],
    matrix: Float[Tensor, "vocabulary width"],
    target: Int[Tensor, "*batch"],
    label_smoothing: float = 0.0,
    *,
    padding: int,
    matmul_dtype: torch.dtype | None = None,
) -> Float[Tensor, ""]:
    """`cross_entropy` of the logits `vectors`·`matrix`ᵀ, all of them at once: the plain way of the two below.

    `matmul_dtype` is the type of the product's factors and result; None leaves them as they are.
    """
    vectors, matrix = (one.to(matmul_dtype or one.dtype) for one in (vectors, matrix))
    return cross_entropy(F.linear(vectors, matrix), target, label_smoothing, padding=padding)


def linear_cross_entropy(
    vectors: Float[Tensor, "*batch width"],
    matrix: Float[Tensor, "vocabulary width"],
    target: Int[Tensor, "*batch"],
    label_smoothing: float = 0.0,
    *,
    padding: int,
    matmul_dtype: torch.dtype | None = None,
) -> Float[Tensor, ""]:
    """`whole_linear_cross_entropy`, without ever holding all logits.

    Half of a small model's training is its last layer. Here the real positions alone go through it, a few hundred at
    a time, and each chunk's loss and both of its gradients are computed while its logits are still in the cache.
    """
    function = functools.partial(loss_and_gradient, label_smoothing=label_smoothing)
    return chunked_loss(vectors.flatten(0, -2)[None], matrix, target, function, padding, matmul_dtype)


def chunked_loss(
    vectors: Float[Tensor, "passes places width"],
    matrix: Float[Tensor, "vocabulary width"],
    target: Int[Tensor, "*batch"],
    function: "LossAndGradient",
    padding: int,
    matmul_dtype: torch.dtype | None = None,
) -> Float[Tensor, ""]:
    """A loss of the logits of one pass or of several over the same targets, summed over the real places of `target`.

    function: from a chunk's logits (passes · rows × vocabulary, pass after pass) and its targets (rows × 1) to its
    summed loss and the gradient of that by the logits, which may take the logits' place.
    """
    real, rows, wanted = (target != padding).flatten(), vectors, target.flatten()
    if not real.all():
        places = real.nonzero().squeeze(1)
        rows, wanted = vectors.index_select(1, places), wanted[places]
    loss: Tensor = _ChunkedLoss.apply(rows, matrix, wanted, function, matmul_dtype)  # type: ignore[no-untyped-call]
    return loss


@torch.no_grad()
def chunked_cross_entropy(
    vectors: Float[Tensor, "*batch width"],
    matrix: Float[Tensor, "vocabulary width"],
    target: Int[Tensor, "*batch"],
    padding: int,
) -> Float[Tensor, ""]:
    """`cross_entropy` of the logits `vectors`·`matrix`ᵀ, a chunk of them at a time, without gradients: to judge by."""
    real = (target != padding).flatten().nonzero().squeeze(1)
    rows, wanted = vectors.flatten(0, -2).index_select(0, real), target.flatten()[real]
    total = torch.zeros((), dtype=torch.float64, device=rows.device)
    size = _CHUNK.get(rows.device.type, _LARGE_CHUNK)
    for part, chosen in zip(torch.split(rows, size), torch.split(wanted, size), strict=True):
        total += cross_entropy(F.linear(part, matrix), chosen, padding=padding)
    return total


def static_linear_cross_entropy(
    vectors: Float[Tensor, "*batch width"],
    matrix: Float[Tensor, "vocabulary width"],
    target: Int[Tensor, "*batch"],
    label_smoothing: float = 0.0,
    *,
    padding: int,
    matmul_dtype: torch.dtype | None = None,
    compiled: bool = False,
) -> Float[Tensor, ""]:
    """`linear_cross_entropy` for a GPU, and for batches of a shape that never changes.

    Padding goes through the last layer, too, with a weight of 0, as looking for it would make the host wait. With
    `compiled`, a kernel or two read a chunk's logits and write their gradient, instead of a dozen; the shape must then
    be that of the calls before.
    """
    rows, wanted = vectors.flatten(0, -2), target.flatten()
    loss: Tensor = _StaticCrossEntropy.apply(rows, matrix, wanted, label_smoothing, padding, matmul_dtype, compiled)  # type: ignore[no-untyped-call]
    return loss


# On a CPU as many rows as keep a chunk's logits near the cache, more where a vocabulary is that of characters; on a GPU
# fewer, larger products are better.
_CHUNK = {"cpu": 256}
_LARGE_CHUNK = 4096
_NEAR = 1 << 18


def _chunk(matrix: Tensor) -> int:
    """How many rows of logits are computed at a time."""
    if matrix.device.type not in _CHUNK:
        return _LARGE_CHUNK
    return max(_CHUNK[matrix.device.type], _NEAR // len(matrix))


LossAndGradient = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


class _ChunkedLoss(torch.autograd.Function):
    """The loss and, in the same pass, its gradients: that by the logits, times each factor."""

    @staticmethod
    def forward(
        ctx: Any,
        rows: Tensor,
        matrix: Tensor,
        target: Tensor,
        function: LossAndGradient,
        matmul_dtype: torch.dtype | None,
    ) -> Tensor:
        row_gradient = torch.empty_like(rows)
        # A matrix that is frozen needs none, which would be as large as itself.
        matrix_gradient = torch.zeros_like(matrix) if ctx.needs_input_grad[1] else None
        total = torch.zeros((), dtype=_promoted(rows).dtype, device=rows.device)
        size = max(1, _chunk(matrix) // len(rows))
        matrix = matrix.to(matmul_dtype or matrix.dtype)
        for start in range(0, len(target), size):
            places = slice(start, start + size)
            exact = rows[:, places].flatten(0, 1)
            part = pad_rows(exact, matmul_dtype or exact.dtype)
            logits = _promoted(matmul(part, matrix.T)[: len(exact)])
            loss, gradient = function(logits, target[places, None])
            gradient = pad_rows(gradient, matmul_dtype or gradient.dtype)[: len(part)]
            total += loss
            row_gradient[:, places] = matmul(gradient, matrix)[: len(exact)].view(len(rows), -1, rows.shape[-1])
            if matrix_gradient is not None:
                matrix_gradient += transposed_matmul(gradient, part.to(gradient.dtype))
        ctx.save_for_backward(row_gradient, matrix_gradient)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        return *_scaled(ctx.saved_tensors, upstream), None, None, None


# GPUs multiply matrices fastest whose sides are multiples of this.
_TILE = 64
# The most logits at a time on a GPU: large products, and in bfloat16 a gigabyte. Not compiled, a dozen times as many
# numbers are kept beside them.
_LOGITS = {True: 1 << 29, False: 1 << 26}


class _StaticCrossEntropy(torch.autograd.Function):
    """The same with a weight of 0 for padding, and a vocabulary that is filled up to whole tiles."""

    @staticmethod
    def forward(
        ctx: Any,
        rows: Tensor,
        matrix: Tensor,
        target: Tensor,
        label_smoothing: float,
        padding: int,
        matmul_dtype: torch.dtype | None,
        compiled: bool,
    ) -> Tensor:
        vocabulary, width = matrix.shape
        factor = torch.zeros(
            math.ceil(vocabulary / _TILE) * _TILE, width, dtype=matmul_dtype or matrix.dtype, device=matrix.device
        )
        factor[:vocabulary] = matrix
        row_gradient = torch.empty_like(rows)
        matrix_gradient = torch.zeros_like(matrix) if ctx.needs_input_grad[1] else None
        total = torch.zeros((), dtype=_promoted(rows).dtype, device=rows.device)
        chunks = math.ceil(len(rows) * len(factor) / _LOGITS[compiled])
        size = _CHUNK.get(rows.device.type, math.ceil(len(rows) / chunks))
        function = _compiled_static_loss() if compiled else _static_loss_and_gradient
        for part, wanted, out in zip(*(torch.split(one, size) for one in (rows, target, row_gradient)), strict=True):
            part = part.to(factor.dtype)
            loss, gradient = function(matmul(part, factor.T), wanted, vocabulary, label_smoothing, padding)
            total += loss
            out.copy_(matmul(gradient, factor))
            if matrix_gradient is not None:
                matrix_gradient += transposed_matmul(gradient, part)[:vocabulary]
        ctx.save_for_backward(row_gradient, matrix_gradient)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        return *_scaled(ctx.saved_tensors, upstream), None, None, None, None, None


def _scaled(gradients: Sequence[Tensor | None], upstream: Tensor) -> tuple[Tensor | None, ...]:
    return tuple(None if one is None else one * upstream for one in gradients)


def _static_loss_and_gradient(
    logits: Tensor, target: Tensor, vocabulary: int, label_smoothing: float, padding: int
) -> tuple[Tensor, Tensor]:
    """The summed loss of the rows that are not padding, and its gradient by all logits, as a compiler likes it.

    Nothing is changed in place or scattered: each number of the gradient is a function of its own place. The logits
    past the vocabulary are 0 and count for nothing.
    """
    columns = torch.arange(logits.shape[1], device=logits.device)
    inside, right, each = columns < vocabulary, 1.0 - label_smoothing, label_smoothing / vocabulary
    exact = _promoted(logits)
    normalizers = exact.masked_fill(~inside, -math.inf).logsumexp(dim=-1, keepdim=True)
    # Padding may be -1, which is no column.
    wanted = exact.gather(1, target.clamp(min=0)[:, None])
    losses = normalizers - right * wanted - each * exact.sum(dim=-1, keepdim=True)
    gradient = (exact - normalizers).exp() - each - right * (columns == target[:, None]).to(exact.dtype)
    real = (target != padding)[:, None]
    return (losses * real).sum(), (gradient * (real & inside)).to(logits.dtype)


@functools.cache
def _compiled_static_loss() -> Callable[[Tensor, Tensor, int, float, int], tuple[Tensor, Tensor]]:
    return torch.compile(_static_loss_and_gradient, fullgraph=True, dynamic=False)


def loss_and_gradient(logits: Tensor, target: Tensor, label_smoothing: float) -> tuple[Tensor, Tensor]:
    """The summed loss of some rows, and its gradient by their logits, which takes their place."""
    right, each = 1.0 - label_smoothing, label_smoothing / logits.shape[-1]
    largest, wanted = logits.amax(dim=-1), logits.gather(1, target)[:, 0]
    total = logits.sum(dim=-1) if label_smoothing else None
    probabilities = torch.softmax(logits, dim=-1, out=logits)
    # log Σ exp(logits), from the likeliest token, whose probability is never too small for its logarithm.
    losses = largest - probabilities.amax(dim=-1).log() - right * wanted
    if total is not None:
        losses -= each * total
        probabilities.sub_(each)
    # Row by row, and then their sum: the difference of two large sums would lose what is small.
    return losses.sum(), probabilities.scatter_add_(1, target, torch.full_like(target, -right, dtype=logits.dtype))


def _promoted(numbers: Tensor) -> Tensor:
    """In float32 at least: a sum over a vocabulary overflows or drowns in 16 bits."""
    return numbers.to(torch.promote_types(numbers.dtype, torch.float32))
