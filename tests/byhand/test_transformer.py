"""The whole tiny Transformer, against clearhead's pieces in a row."""

from collections.abc import Callable

import torch
from torch import Tensor

import clearhead
from clearhead.byhand import make_sheet
from clearhead.byhand.transformer import VOCABULARY
from clearhead.model.config import BlockConfig
from clearhead.model.feed_forward import FeedForward


def test_it_is_the_models_pieces_in_a_row(
    as_drawn: None, given: Callable[..., dict[str, Tensor]], precise: Callable[..., Tensor]
) -> None:
    config = BlockConfig(width=2, heads=1, inner_width=3)
    for seed in range(50):
        sheet = make_sheet("by-hand-transformer", seed)
        rows = given(sheet)
        vectors = rows["E"][:3] + rows["P"]
        query = vectors[-1:] @ rows["WQ"]
        context, weights = clearhead.attention(query, vectors @ rows["WK"], vectors @ rows["WV"])
        attended = vectors[-1:] + context
        layer = FeedForward(config).double().eval()
        with torch.no_grad():
            layer.inner.weight.copy_(rows["W1"].T)
            layer.inner.bias.copy_(rows["b1"][0])
            layer.outer.weight.copy_(rows["W2"].T)
            layer.outer.bias.copy_(rows["b2"][0])
            out = attended + layer(attended[None])[0]
        probabilities = torch.softmax(out @ rows["E"].T, dim=-1)
        torch.testing.assert_close(precise(sheet.matrix("weights")), weights, rtol=0, atol=1e-13)
        torch.testing.assert_close(precise(sheet.matrix("out")), out, rtol=0, atol=1e-12)
        torch.testing.assert_close(precise(sheet.matrix("probabilities")), probabilities, rtol=0, atol=1e-12)
        assert sheet.matrix("word").cells[0][0].word == VOCABULARY[int(probabilities.argmax())]


def test_the_pencil_comes_to_the_same_word() -> None:
    for seed in range(4):
        sheet = make_sheet("by-hand-transformer", seed)
        (row,) = sheet.matrix("probabilities").values
        assert VOCABULARY[row.index(max(row))] == sheet.matrix("word").cells[0][0].word


def test_the_blank_of_the_word_gives_no_word_away() -> None:
    """It has room for each of the four, of which "student" is the longest."""
    assert make_sheet("by-hand-transformer").matrix("word").room == len("student")
