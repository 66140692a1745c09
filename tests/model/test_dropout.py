"""Dropout's share, its scale, its gradient, and what it leaves alone."""

import pytest
import torch

from clearhead.errors import ConfigError
from clearhead.model.dropout import Dropout


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5, 0.9])
def test_the_share_and_the_scale(rate: float) -> None:
    """A million independent draws: four standard deviations are 0.2 %. The kept are scaled by 1/(1 - rate)."""
    torch.manual_seed(1)
    dropped = Dropout(rate).train()(torch.ones(1000, 1001))
    share = (dropped == 0).float().mean().item()
    assert share == pytest.approx(rate, abs=4 * (rate * (1 - rate) / 1_001_000) ** 0.5)
    assert dropped.max().item() == pytest.approx(1 / (1 - rate), rel=1e-4)


def test_neighbours_are_independent() -> None:
    """Four elements share one draw of 64 bits; no two of them may know of each other."""
    torch.manual_seed(2)
    zero = (Dropout(0.5).train()(torch.ones(200_000, 4)) == 0).double()
    correlation = torch.corrcoef(zero.T) - torch.eye(4)
    assert correlation.abs().max() < 0.01


def test_the_gradient_is_dropped_where_the_number_was() -> None:
    inputs = torch.randn(50, 7).requires_grad_()
    outputs = Dropout(0.4).train()(inputs)
    (gradient,) = torch.autograd.grad(outputs.sum(), inputs)
    torch.testing.assert_close(gradient, outputs / inputs)


def test_nothing_happens_in_evaluation_or_at_rate_zero() -> None:
    inputs = torch.randn(5, 3)
    assert Dropout(0.5).eval()(inputs) is inputs
    assert Dropout(0.0).train()(inputs) is inputs


def test_the_same_seed_drops_the_same() -> None:
    dropout, results = Dropout(0.5).train(), []
    for _ in range(2):
        torch.manual_seed(3)
        results.append(dropout(torch.ones(3, 33)))
    assert torch.equal(*results)


@pytest.mark.parametrize("rate", [1.0, -0.1, float("nan")])
def test_an_impossible_rate_is_refused(rate: float) -> None:
    with pytest.raises(ConfigError, match="is not from 0 to below 1"):
        Dropout(rate)
