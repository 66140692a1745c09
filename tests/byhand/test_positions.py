"""Sinusoidal positions: the model's own table."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from clearhead.byhand import make_sheet
from clearhead.model.positions import sinusoidal


@pytest.mark.parametrize("width", [2, 4, 8])
def test_the_table_is_the_models(precise: Callable[..., Tensor], width: int) -> None:
    """The model keeps its table in float32."""
    table = precise(make_sheet("positions", 0, {"width": width, "positions": 6}).matrix("PE"))
    torch.testing.assert_close(table, sinusoidal(6, width).double(), rtol=0, atol=1e-7)


def test_the_toy_of_width_four() -> None:
    """PE(1) = sin 1, cos 1, sin 0.01, cos 0.01."""
    sheet = make_sheet("positions")
    assert sheet.matrix("divisors").values == [[1, 100]]
    assert [cell.text for cell in sheet.matrix("PE").cells[0]] == ["0", "1", "0", "1"]
    assert [cell.text for cell in sheet.matrix("PE").cells[1]] == ["0.84", "0.54", "0.01", "1.00"]
    assert sheet.matrix("PE").precise[1][2] == pytest.approx(math.sin(0.01), abs=1e-16)


def test_it_is_added_to_the_embeddings(given: Callable[..., dict[str, Tensor]], precise: Callable[..., Tensor]) -> None:
    for seed in range(50):
        sheet = make_sheet("positions", seed)
        expected = given(sheet)["E"] + sinusoidal(4, 4).double()
        torch.testing.assert_close(precise(sheet.matrix("X")), expected, rtol=0, atol=1e-7)
