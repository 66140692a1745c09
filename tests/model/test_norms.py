"""What a normalisation computes."""

import pytest
import torch

from clearhead.model.config import BlockConfig
from clearhead.model.norms import normalization


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
