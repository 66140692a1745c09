"""Layer normalisation: the one that the model's blocks use, ε included."""

from collections.abc import Callable

import torch
from torch import Tensor

from clearhead.byhand import make_sheet
from clearhead.byhand.topic import fractions
from clearhead.model.config import BlockConfig
from clearhead.model.norms import normalization


def test_it_is_the_blocks_normalisation(
    given: Callable[..., dict[str, Tensor]], precise: Callable[..., Tensor]
) -> None:
    config = BlockConfig(width=4, heads=1)
    for seed in range(50):
        sheet = make_sheet("layer-norm", seed)
        rows = given(sheet)
        layer = normalization(config).double()
        with torch.no_grad():
            layer.weight.copy_(rows["gamma"][0])
            layer.bias.copy_(rows["beta"][0])
            expected = layer(rows["x"])
        torch.testing.assert_close(precise(sheet.matrix("normalized")), expected, rtol=0, atol=1e-12)
        written = torch.tensor([[float(one) for one in row] for row in sheet.matrix("normalized").values]).double()
        assert (written - expected).abs().max() < 0.0051


def test_means_and_deviations_are_whole() -> None:
    for seed in range(5):
        sheet = make_sheet("layer-norm", seed)
        for key in ("mean", "deviation"):
            assert all(row[0].denominator == 1 for row in sheet.matrix(key).values)


def test_a_row_of_equal_numbers_is_all_bias() -> None:
    rows = {"x": fractions([[3, 3]]), "gamma": fractions([[2, 2]]), "beta": fractions([[1, -1]])}
    sheet = make_sheet("layer-norm", matrices=rows)
    assert sheet.matrix("normalized").values == [[1, -1]]


def test_a_deviation_that_is_not_whole_is_rounded() -> None:
    """Mean 2, variance 2/3, deviation 0.82."""
    rows = {"x": fractions([[1, 2, 3]]), "gamma": fractions([[1, 1, 1]]), "beta": fractions([[0, 0, 0]])}
    sheet = make_sheet("layer-norm", matrices=rows)
    assert sheet.matrix("deviation").cells[0][0].working == "0.82 ≈ √(2/3)"
    assert sheet.matrix("normalized").cells[0][0].working == "−1.22 ≈ 1 · (−1) ÷ 0.82"
