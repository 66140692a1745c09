"""The block: the classic exercise, and clearhead's own attention and feed-forward layer on the same numbers."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

import clearhead
from clearhead.byhand import make_sheet
from clearhead.model.config import BlockConfig
from clearhead.model.feed_forward import FeedForward

SEEDS = range(50)


def test_the_classic_exercise() -> None:
    """By hand: Z1 = X1 + X2, Z2 = X2 + X3, Z3 = X3 + X4, Z4 = X4 + X5, Z5 = X5 + X1."""
    sheet = make_sheet("block")
    assert sheet.matrix("X").values[0] == [5, 6, 0, 7, 0]
    z = sheet.matrix("Z").values
    assert z[0] == [11, 6, 7, 7, 5]
    assert (z[1][3], z[2][4]) == (3, 1)
    x = sheet.matrix("X").values
    assert z == [[row[j] + row[(j + 1) % 5] for j in range(5)] for row in x]
    assert {one for row in sheet.matrix("A").values for one in row} == {0, 1}
    assert sheet.matrix("Z").cells[0][0].working == "11 = 5·1 + 6·1"
    assert [sheet.matrix(key).shape for key in ("W1", "W2", "Y")] == [(4, 3), (3, 4), (3, 5)]
    assert min(one for row in sheet.matrix("H").values for one in row) < 0


def test_it_says_what_combines_what() -> None:
    beside = [section.beside for section in make_sheet("block").sections]
    assert "across positions" in beside[0]
    assert "across dimensions" in beside[1]
    assert "across dimensions" in beside[1 + 2].lower()
    assert "Hint: look where the ones stand" in make_sheet("block").sections[0].text


@pytest.mark.parametrize("topic", ["block", "feed-forward"])
def test_every_row_of_weights_has_work_to_do(topic: str) -> None:
    """faults.md D7: seed 7 multiplied three rows of four by zeros alone."""
    for seed in SEEDS:
        sheet = make_sheet(topic, seed)
        assert all(any(row) for key in ("W1", "W2") for row in sheet.matrix(key).values), seed


@pytest.mark.parametrize("topic", ["block", "attention-weighting"])
def test_the_weighting_is_what_attention_computes(
    as_drawn: None, given: Callable[..., dict[str, Tensor]], precise: Callable[..., Tensor], topic: str
) -> None:
    """Equal scores, and A as the mask: attention gives the mean of what A marks; times how many, the sum."""
    for seed in SEEDS:
        sheet = make_sheet(topic, seed)
        rows = given(sheet)
        marked = rows["A"].T.bool()
        value = rows["X"].T.contiguous()
        blank = torch.zeros(len(value), 1, dtype=torch.float64)
        context, _ = clearhead.attention(blank, blank, value, marked)
        expected = (context * marked.sum(-1, keepdim=True)).T
        torch.testing.assert_close(precise(sheet.matrix("Z")), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("topic", ["block", "feed-forward"])
def test_the_network_is_the_feed_forward_layer(
    as_drawn: None, given: Callable[..., dict[str, Tensor]], precise: Callable[..., Tensor], topic: str
) -> None:
    for seed in SEEDS:
        sheet = make_sheet(topic, seed)
        rows = given(sheet)
        layer = feed_forward(rows["W1"], rows["b1"][:, 0], rows["W2"], rows["b2"][:, 0])
        with torch.inference_mode():
            expected = layer(precise(sheet.matrix("Z")).T[None])[0].T
        torch.testing.assert_close(precise(sheet.matrix("Y")), expected, rtol=0, atol=1e-12)


def feed_forward(inner: Tensor, inner_bias: Tensor, outer: Tensor, outer_bias: Tensor) -> FeedForward:
    config: dict[str, Any] = {"heads": 1, "positions": "learned"}
    layer = FeedForward(BlockConfig(width=inner.shape[1], inner_width=inner.shape[0], **config)).double().eval()
    with torch.no_grad():
        for parameter, values in zip(
            (layer.inner.weight, layer.inner.bias, layer.outer.weight, layer.outer.bias),
            (inner, inner_bias, outer, outer_bias),
            strict=True,
        ):
            parameter.copy_(values)
    return layer


def test_there_is_something_to_cut_and_to_add() -> None:
    for seed in range(1, 4):
        sheet = make_sheet("block", seed)
        hidden = [one for row in sheet.matrix("H").values for one in row]
        assert 0.2 <= sum(one < 0 for one in hidden) / len(hidden) <= 0.6
        columns = list(zip(*sheet.matrix("A").values, strict=True))
        assert {sum(column) for column in columns} == {2}
        assert len(set(columns)) == len(columns)
