"""Sheets with the numbers of a model."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import clearhead
from clearhead.bundle import Bundle
from clearhead.byhand import sheet_from
from clearhead.errors import UsageError
from clearhead.model import causal_mask
from clearhead.tracing import Trace


@pytest.fixture(scope="module")
def trace(two_languages: Bundle) -> Trace:
    return two_languages.trace("one", "fr", target="un")


PATHS = {
    "self-attention": "encoder.layers.1.self_attention",
    "masked": "decoder.layers.1.self_attention",
    "cross-attention": "decoder.layers.1.cross_attention",
}


@pytest.mark.parametrize("topic", list(PATHS))
def test_its_numbers_are_the_models_rounded(
    trace: Trace, precise: Callable[..., Tensor], numbers: Callable[..., Tensor], topic: str
) -> None:
    layers = trace.config["encoder_layers"]
    sheet = sheet_from(trace, topic, layers - 1, 1)
    path = PATHS[topic].replace(".1.", f".{layers - 1}.")
    for key, name in (("S", "scores"), ("V", "value")):
        model = trace[f"{path}.{name}"][1].double()
        found = numbers(sheet.matrix(key))
        assert (found - model[:, : found.shape[1]]).abs().max() <= 0.05 + 1e-9
    scores, value = numbers(sheet.matrix("S")), numbers(sheet.matrix("V"))
    head_width = trace[f"{path}.query"].shape[-1]
    # A query that is the scores and a key that is the identity make the scores; √d_k is then set right by the width.
    factor = (len(scores.T) / head_width) ** 0.5
    mask = causal_mask(len(scores))[0, 0] if topic == "masked" else None
    context, weights = clearhead.attention(scores * factor, torch.eye(scores.shape[1]).double(), value, mask)
    torch.testing.assert_close(precise(sheet.matrix("weights")), weights, rtol=0, atol=1e-12)
    torch.testing.assert_close(precise(sheet.matrix("context")), context, rtol=0, atol=1e-12)


def test_it_says_whose_numbers_they_are_and_how_they_are_rounded(trace: Trace) -> None:
    sheet = sheet_from(trace, "cross-attention", 0, 1)
    assert "“one”" in sheet.source
    assert "decoder.layers.0.cross_attention, head 1" in sheet.source
    assert "rounded to 1 decimal" in sheet.rounding
    assert sheet.matrix("S").rows == trace.target.pieces
    assert sheet.matrix("S").columns == trace.source.pieces


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("block",), "block cannot be made from a model; choose one of self-attention, masked, cross-attention"),
        (("masked", 9), "--layer 9: the model has"),
        (("masked", 0, -1), "--head -1: the model has"),
    ],
)
def test_what_the_model_does_not_have(trace: Trace, arguments: tuple[str, int], message: str) -> None:
    with pytest.raises(UsageError) as error:
        sheet_from(trace, *arguments)
    assert str(error.value).startswith(message)


def test_a_text_that_is_too_long(two_languages: Bundle) -> None:
    trace = two_languages.trace("one two three " * 4, "fr", target="un")
    with pytest.raises(UsageError, match="tokens, but a sheet has room for 7; choose a shorter text"):
        sheet_from(trace, "self-attention")
