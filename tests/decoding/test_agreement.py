"""C is compared with the model's own code once (faults.md A1)."""

import dataclasses
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from clearhead.decoding.agreement import disagreement
from clearhead.decoding.packed import packed
from clearhead.model import EncoderDecoder, TransformerConfig, kernels, multi30k_tiny, street
from clearhead.native import library as native

pytestmark = pytest.mark.skipif(native.library() is None, reason="there is no C to compare")


def share(model: EncoderDecoder) -> float | None:
    found = packed(model, "fp32")
    assert found is not None
    return disagreement(model, found)


def scaled(model: EncoderDecoder, factor: float) -> EncoderDecoder:
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(factor)
    return model


@pytest.mark.parametrize("preset", [street, multi30k_tiny])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"norm_placement": "post", "activation": "geglu-tanh", "positions": "rotary"},
        {"norm": "rms", "positions": "learned", "share_embeddings": "none", "activation": "silu"},
        {"encoder_layers": 0, "decoder_layers": 1},
        {"max_length": 1},
    ],
)
@pytest.mark.parametrize("factor", [1.0, 0.0, 1e-6, 3.0, 30.0])
def test_rounding_is_no_difference(preset: Any, changes: dict[str, Any], factor: float) -> None:
    """Of new models, of models that hardly compute anything, and of some whose softmax takes one key alone."""
    assert (
        share(scaled(EncoderDecoder(dataclasses.replace(preset(300, 300), **changes), seed=4).eval(), factor)) is None
    )


@pytest.mark.parametrize("vocabulary", [1, 2, 3])
def test_hardly_any_tokens(vocabulary: int) -> None:
    assert share(EncoderDecoder(street(vocabulary, vocabulary)).eval()) is None


def test_the_shipped_model(street_model: EncoderDecoder) -> None:
    assert share(street_model) is None


@pytest.fixture
def street_model() -> EncoderDecoder:
    from clearhead.bundle import load

    return load("street").model


EDITS = {
    "no scaling": lambda query, key, value, mask, dropout: F.scaled_dot_product_attention(
        query, key, value, attn_mask=mask, scale=1.0
    ),
    "two percent": lambda query, key, value, mask, dropout: F.scaled_dot_product_attention(
        query, key, value, attn_mask=mask, scale=1.02 * query.shape[-1] ** -0.5
    ),
    "no mask": lambda query, key, value, mask, dropout: F.scaled_dot_product_attention(query, key, value),
    "the values' mean": lambda query, key, value, mask, dropout: value.mean(2, keepdim=True).expand_as(query),
    "ReLU for softmax": lambda query, key, value, mask, dropout: (query @ key.mT).relu() @ value,
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_equation_is(street_model: EncoderDecoder, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(kernels, "fused_attention", EDITS[name])
    found = share(street_model)
    assert found is not None
    assert found > 1e-3


def test_a_model_that_trains_is_compared_as_it_is_used() -> None:
    model = EncoderDecoder(dataclasses.replace(street(300, 300), dropout=0.5)).train()
    assert share(model) is None
    assert model.training


def test_the_bound_leaves_no_room() -> None:
    """By hand, of one layer each of width 2: 2·2⁻²⁴ for each number that is summed on the way."""
    from clearhead.decoding.agreement import _bound

    config = TransformerConfig(
        source_vocabulary=5, target_vocabulary=5, width=2, heads=1, inner_width=3, encoder_layers=1, decoder_layers=1
    )
    assert _bound(config) == 2 * 2.0**-24 * ((4 + 2 + 9) + (2 + 3) + 2 * (4 + 2 + 9) + (2 + 3) + 2)
