"""Where the normalisation stands, and what it computes."""

import pytest
import torch

from clearhead.model.blocks import Residual, normalization
from clearhead.model.config import BlockConfig


def config(**changes: object) -> BlockConfig:
    return BlockConfig(width=4, heads=2, dropout=0.0, **changes)


X = torch.tensor([[[1.0, 2.0, 3.0, 6.0]]])


def test_layer_normalization_by_hand() -> None:
    """Mean 3, variance (4 + 1 + 0 + 9)/4 = 3.5; (x - 3)/√3.5."""
    expected = (X - 3) / (3.5 + 1e-5) ** 0.5
    torch.testing.assert_close(normalization(config())(X), expected)


def test_rms_normalization_by_hand() -> None:
    """Mean square (1 + 4 + 9 + 36)/4 = 12.5; x/√12.5."""
    torch.testing.assert_close(normalization(config(norm="rms"))(X), X / (12.5 + 1e-5) ** 0.5)


@pytest.mark.parametrize("kind", ["layer", "rms"])
def test_what_is_added_under_the_root(kind: str) -> None:
    """With 0.5 under it: (x - 3)/√4 and x/√13."""
    expected = (X - 3) / 2 if kind == "layer" else X / 13**0.5
    torch.testing.assert_close(normalization(config(norm=kind, eps=0.5))(X), expected)


def test_without_biases_a_normalisation_has_a_weight_alone() -> None:
    """As in torch.nn.TransformerEncoderLayer(bias=False)."""
    for kind in ("layer", "rms"):
        assert [name for name, _ in normalization(config(norm=kind, bias=False)).named_parameters()] == ["weight"]


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
