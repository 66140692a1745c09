"""Where the normalisation stands."""

import pytest
import torch

from clearhead.model.blocks import Residual
from clearhead.model.config import BlockConfig


def config(**changes: object) -> BlockConfig:
    return BlockConfig(width=4, heads=2, dropout=0.0, **changes)


X = torch.tensor([[[1.0, 2.0, 3.0, 6.0]]])


def test_post_norm_is_the_paper_s_formula() -> None:
    """Section 3.1: LayerNorm(x + Sublayer(x)); with a sub-layer that doubles, LayerNorm(3x) = LayerNorm(x) nearly."""
    residual = Residual(config())
    torch.testing.assert_close(residual(X, lambda x: 2 * x), residual.normalization(3 * X))


def test_pre_norm_leaves_the_sum_alone() -> None:
    residual = Residual(config(norm_placement="pre"))
    torch.testing.assert_close(residual(X, lambda x: 2 * x), X + 2 * residual.normalization(X))


@pytest.mark.parametrize("placement", ["post", "pre"])
def test_what_a_residual_connection_shows(placement: str) -> None:
    residual = Residual(config(norm_placement=placement))
    seen: dict[str, torch.Tensor] = {}
    residual.observer = lambda name, tensor: seen.setdefault(name, tensor)
    residual(X, lambda x: 2 * x)
    assert set(seen) == {"sum", "normalized"}


def test_the_sub_layer_s_output_is_dropped_out_before_it_is_added() -> None:
    """Section 5.4. With rate 1/2 and a sub-layer of ones, x = 0: each sum is 0 or 2."""
    residual = Residual(config(norm_placement="pre")).train()
    residual.dropout.rate = 0.5
    torch.manual_seed(1)
    sums = residual(torch.zeros(1, 100, 4), torch.ones_like)
    assert set(sums.unique().tolist()) == {0.0, 2.0}
