"""Sheets of attention: what `clearhead.attention` computes from the same matrices."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import clearhead
from clearhead.byhand import make_sheet
from clearhead.byhand.sheet import Matrix, Sheet
from clearhead.byhand.topic import fractions
from clearhead.model import causal_mask

SEEDS = range(50)
Read = Callable[..., dict[str, Tensor]]
Precise = Callable[..., Tensor]


def test_thinking_machines() -> None:
    sheet = make_sheet("self-attention")
    assert sheet.matrix("textbook").values == [[112, 96]]
    assert sheet.matrix("scaled_textbook").values == [[14, 12]]
    assert [cell.text for cell in sheet.matrix("weights_textbook").cells[0]] == ["0.88", "0.12"]
    assert "e^(14) ÷ (e^(14) + e^(12))" in sheet.matrix("weights_textbook").cells[0][0].sum
    # By hand: 0.88·(5, 0, 10) + 0.12·(0, 5, 5).
    assert [str(float(one)) for one in sheet.matrix("context_textbook").values[0]] == ["4.4", "0.6", "9.4"]


def as_numbers(matrix: Matrix) -> Tensor:
    return torch.tensor([[float(one) for one in row] for row in matrix.values], dtype=torch.float64)


def same(sheet: Sheet, precise: Precise, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> None:
    context, weights = clearhead.attention(query, key, value, mask)
    torch.testing.assert_close(precise(sheet.matrix("weights")), weights, rtol=0, atol=1e-13)
    torch.testing.assert_close(precise(sheet.matrix("context")), context, rtol=0, atol=1e-12)
    rounded = as_numbers(sheet.matrix("weights"))
    assert (rounded - weights).abs().max() <= 0.006
    torch.testing.assert_close(
        as_numbers(sheet.matrix("context")),
        rounded @ precise(sheet.matrix("V")),
        rtol=0,
        atol=1e-12,
    )


def test_self_attention(as_drawn: None, given: Read, precise: Precise) -> None:
    for seed in SEEDS:
        sheet = make_sheet("self-attention", seed)
        rows = given(sheet)
        made = (rows["X"] @ rows[f"W{one}"] for one in "QKV")
        same(sheet, precise, *made)


def test_masked(as_drawn: None, given: Read, precise: Precise) -> None:
    for seed in SEEDS:
        sheet = make_sheet("masked", seed)
        rows = given(sheet)
        same(sheet, precise, rows["Q"], rows["K"], rows["V"], causal_mask(4)[0, 0])


def test_cross_attention(as_drawn: None, given: Read, precise: Precise) -> None:
    for seed in SEEDS:
        sheet = make_sheet("cross-attention", seed)
        rows = given(sheet)
        same(sheet, precise, rows["Q"], rows["K"], rows["V"])


@pytest.mark.parametrize("topic", ["self-attention", "masked", "cross-attention"])
@pytest.mark.parametrize("head_width", [1, 4, 9, 16, 64])
def test_every_head_width_has_a_whole_root(
    as_drawn: None, given: Read, precise: Precise, topic: str, head_width: int
) -> None:
    """Wide ones start from scores: queries that are those scores, and keys that are the identity, make them."""
    sheet = make_sheet(topic, 3, {"head_width": head_width})
    rows = given(sheet)
    root = {1: 1, 4: 2, 9: 3, 16: 4, 64: 8}[head_width]
    assert f"÷ {root}" in sheet.matrix("masked" if topic == "masked" else "scaled").cells[0][0].sum
    if head_width > 4:
        keys = torch.zeros(rows["S"].shape[1], head_width, dtype=torch.float64)
        keys[:, : len(keys)] = torch.eye(len(keys))
        mask = causal_mask(len(rows["S"]))[0, 0] if topic == "masked" else None
        same(sheet, precise, rows["S"] @ keys, keys, rows["V"], mask)


def test_a_root_that_is_not_whole() -> None:
    """A learner's own matrices may have any width: √2 ≈ 1.41, said in the text."""
    rows = {"Q": fractions([[1, 2]]), "K": fractions([[1, 0], [0, 1]]), "V": fractions([[1], [2]])}
    sheet = make_sheet("cross-attention", matrices=rows)
    assert sheet.matrix("scaled").cells[0][1].working == "1.42 ≈ 2 ÷ 1.41"
    assert "√d" in sheet.sections[1].text
    assert "≈ 1.41" in sheet.sections[1].text
