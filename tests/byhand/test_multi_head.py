"""Several heads: clearhead's own multi-head attention with the same matrices."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from clearhead.byhand import make_sheet
from clearhead.model.attention import Attention
from clearhead.model.config import BlockConfig

CASES = [(seed, 2 + seed % 2) for seed in range(50)]


def module(rows: dict[str, Tensor], heads: int) -> Attention:
    config = BlockConfig(width=heads, heads=heads, positions="learned", inner_width=4)
    attention = Attention(config).double().eval()
    with torch.no_grad():
        for name, layer in zip(
            "QKVO", (attention.query, attention.key, attention.value, attention.output), strict=True
        ):
            layer.weight.copy_(rows[f"W{name}"].T)
            layer.bias.zero_()
    return attention


def test_it_is_multi_head_attention(
    as_drawn: None, given: Callable[..., dict[str, Tensor]], precise: Callable[..., Tensor]
) -> None:
    for seed, heads in CASES:
        sheet = make_sheet("multi-head", seed, {"heads": heads})
        rows = given(sheet)
        with torch.inference_mode():
            expected = module(rows, heads)(rows["X"][None])[0]
        found = precise(sheet.matrix("output"))
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("heads", [2, 3])
@pytest.mark.parametrize("seed", range(8))
def test_no_head_works_in_vain(seed: int, heads: int) -> None:
    """faults.md D7: seed 0 multiplied all of head 2 by zero.

    A head whose row of W_O, or whose context, were 0 could be left out and the sheet's answer would be the same.
    """
    sheet = make_sheet("multi-head", seed, {"heads": heads})
    output = sheet.matrix("WO").values
    for head in range(heads):
        context = sheet.matrix(f"context{head + 1}").values
        assert any(row[0] * weight for row in context for weight in output[head])
    for one in ("Q", "K", "V", "WO"):
        assert all(any(column) for column in zip(*sheet.matrix(one).values, strict=True))
