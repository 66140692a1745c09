"""R-Drop: against the definition in float64, with autograd's gradients, and by hand."""

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from clearhead.recipe import LossSettings
from clearhead.training.loss import cross_entropy
from clearhead.training.r_drop import linear_r_drop, whole_linear_r_drop

BOTH = pytest.mark.parametrize("function", [linear_r_drop, whole_linear_r_drop])


@BOTH
def test_two_tokens_by_hand(function: Callable[..., Tensor]) -> None:
    """p = (1/4, 3/4) and q = (1/2, 1/2), token 1, no smoothing.

    CE: log 4/3 and log 2. KL(p ‖ q) + KL(q ‖ p) = Σ (p - q)(log p - log q) = ¼·log 2 + ¼·log 3/2 = ¼·log 3.
    """
    vectors = torch.tensor([[[1.0, 3.0]], [[1.0, 1.0]]]).log()
    expected = (math.log(4 / 3) + math.log(2) + 5 / 2 * math.log(3) / 4) / 2
    loss = function(vectors, torch.eye(2), torch.tensor([1]), LossSettings(label_smoothing=0.0, r_drop=5.0), 0)
    assert float(loss) == pytest.approx(expected, rel=1e-6)


@BOTH
@pytest.mark.parametrize("rows", [1, 127, 300])
def test_loss_and_gradients_are_autograds(function: Callable[..., Tensor], rows: int) -> None:
    """torch's cross_entropy and kl_div in float64; 300 rows take several chunks."""
    generator = torch.Generator().manual_seed(rows)
    vectors, matrix = torch.randn(2, rows, 8, generator=generator), torch.randn(11, 8, generator=generator)
    target = torch.randint(0, 11, (rows,), generator=generator)
    target[0] = 3
    ours = [vectors.clone().requires_grad_(), matrix.clone().requires_grad_()]
    loss = function(ours[0], ours[1], target, LossSettings(label_smoothing=0.1, r_drop=3.0), 0)
    torch.autograd.backward(loss * 0.5)
    theirs = [vectors.double().requires_grad_(), matrix.double().requires_grad_()]
    logits = theirs[0] @ theirs[1].T
    costs = [F.cross_entropy(one, target, ignore_index=0, reduction="sum", label_smoothing=0.1) for one in logits]
    p, q = logits.log_softmax(-1)[:, target != 0]
    divergences = [F.kl_div(a, b, reduction="sum", log_target=True) for a, b in ((p, q), (q, p))]
    reference = (costs[0] + costs[1] + 3.0 * (divergences[0] + divergences[1]) / 2) / 2
    torch.autograd.backward(reference * 0.5)
    assert float(loss.detach()) == pytest.approx(float(reference.detach()), rel=1e-5)
    for one, other in zip(ours, theirs, strict=True):
        assert one.grad is not None
        assert other.grad is not None
        torch.testing.assert_close(one.grad.double(), other.grad, rtol=1e-4, atol=1e-4)


@BOTH
def test_of_equal_passes_it_is_the_cross_entropy(function: Callable[..., Tensor]) -> None:
    generator = torch.Generator().manual_seed(1)
    vectors, matrix = torch.randn(2, 5, 8, generator=generator), torch.randn(9, 8, generator=generator)
    target = torch.tensor([[1, 2, 3, 0, 0], [4, 5, 6, 7, 8]])
    loss = function(torch.stack([vectors, vectors]), matrix, target, LossSettings(label_smoothing=0.1, r_drop=5.0), 0)
    torch.testing.assert_close(loss, cross_entropy(vectors @ matrix.T, target, 0.1, padding=0))


@pytest.mark.parametrize("matmul_dtype", [torch.float32, torch.bfloat16])
def test_a_chunk_at_a_time_is_all_at_once(matmul_dtype: torch.dtype) -> None:
    """Of numbers with 8 bits, which lose nothing before the product."""
    generator = torch.Generator().manual_seed(2)
    vectors, matrix = (torch.randn(shape, generator=generator).bfloat16().float() for shape in ((2, 300, 8), (9, 8)))
    target = torch.randint(0, 9, (300,), generator=generator)
    losses = [
        float(one(vectors, matrix, target, LossSettings(label_smoothing=0.1, r_drop=5.0), 0, matmul_dtype))
        for one in (linear_r_drop, whole_linear_r_drop)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
