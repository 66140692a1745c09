"""C is compared with the model's own code once (faults.md A1)."""

import dataclasses
import functools
from typing import Any, TypeVar

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from clearhead.model import (
    CAUSAL_PRESETS,
    PRESETS,
    DecoderOnly,
    EncoderDecoder,
    EncoderOnly,
    bert_tiny,
    gpt_tiny,
    kernels,
    llama_tiny,
    masks,
    multi30k_tiny,
    street,
)
from clearhead.native import library as native
from clearhead.runtimes import agreement
from clearhead.runtimes.agreement import disagreement, inconsistency
from clearhead.runtimes.preparing import compiled

Model = TypeVar("Model", bound=nn.Module)
pytestmark = pytest.mark.skipif(native.library() is None, reason="there is no C to compare")


def share(model: agreement.Model) -> float | None:
    found = compiled(model, "fp32")
    assert found is not None
    return disagreement(model, found)


def scaled(model: Model, factor: float) -> Model:
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
    "no scaling": lambda query, key, value, mask, *_: F.scaled_dot_product_attention(
        query, key, value, attn_mask=mask, scale=1.0
    ),
    "two percent": lambda query, key, value, mask, *_: F.scaled_dot_product_attention(
        query, key, value, attn_mask=mask, scale=1.02 * query.shape[-1] ** -0.5
    ),
    "no mask": lambda query, key, value, mask, *_: F.scaled_dot_product_attention(query, key, value),
    "the values' mean": lambda query, key, value, mask, *_: value.mean(2, keepdim=True).expand_as(query),
    "ReLU for softmax": lambda query, key, value, mask, *_: (query @ key.mT).relu() @ value,
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


def ten_keys(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, *_: object) -> Tensor:
    """Attention to the first ten places alone: of a shorter sentence it is attention."""
    mask = None if mask is None else mask[..., :10]
    return F.scaled_dot_product_attention(query, key[:, :, :10], value[:, :, :10], attn_mask=mask)


def test_an_edit_that_short_sentences_do_not_show(
    street_model: EncoderDecoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernels, "fused_attention", ten_keys)
    found = share(street_model)
    assert found is not None
    assert found > 1e-3
    monkeypatch.setattr(agreement, "_SOURCE", 9)
    monkeypatch.setattr(agreement, "_TARGET", 5)
    assert share(street_model) is None


@pytest.mark.parametrize("preset", PRESETS.values())
@pytest.mark.parametrize("activation", ["relu", "gelu", "gelu-tanh", "silu", "reglu", "geglu", "geglu-tanh", "swiglu"])
def test_the_bound_is_far_above_rounding(preset: Any, activation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten times: another processor adds in another order, and may not be taken for an edit."""
    bound = agreement._bound
    monkeypatch.setattr(agreement, "_bound", lambda config: bound(config) / 10)
    monkeypatch.setattr(agreement, "_AS_ROUGH", 0)
    config = dataclasses.replace(preset(300, 300), activation=activation, encoder_layers=2, decoder_layers=2)
    assert share(EncoderDecoder(config, seed=4).eval()) is None


@pytest.mark.parametrize(("eps", "is_edit"), [(1e-5, False), (1e-3, True)])
def test_the_bound_is_below_a_small_edit(
    street_model: EncoderDecoder, monkeypatch: pytest.MonkeyPatch, eps: float, is_edit: bool
) -> None:
    """Under the root of a normalisation stands 1e-5: the formula in another order is none, another number is."""
    monkeypatch.setattr(F, "layer_norm", functools.partial(own_norm, eps=eps))
    assert (share(street_model) is not None) == is_edit


def own_norm(inputs: Tensor, shape: Any, weight: Tensor, bias: Tensor | None = None, *_: float, eps: float) -> Tensor:
    assert bias is not None
    centred = inputs - inputs.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + eps).sqrt() * weight + bias


def test_a_model_agrees_with_itself(street_model: EncoderDecoder) -> None:
    assert inconsistency(street_model) is None
    assert inconsistency(EncoderDecoder(dataclasses.replace(street(300, 300), dropout=0.5)).train()) is None


def test_a_mask_that_decoding_does_not_make(street_model: EncoderDecoder, monkeypatch: pytest.MonkeyPatch) -> None:
    causal_mask = masks.causal_mask
    monkeypatch.setattr(masks, "causal_mask", lambda *given: causal_mask(*given).triu(-3))
    found = inconsistency(street_model)
    assert found is not None
    assert found.startswith("token by token, as it translates")


def test_an_equation_that_only_a_trace_computes(street_model: EncoderDecoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "explicit_attention", lambda query, *given: EXPLICIT(0.5 * query, *given))
    found = inconsistency(street_model)
    assert found is not None
    assert found.startswith("a trace shows logits that differ")
    assert "\n" not in found


EXPLICIT = kernels.explicit_attention


@pytest.mark.parametrize("preset", CAUSAL_PRESETS.values())
def test_decoder_only_models(preset: Any) -> None:
    model = DecoderOnly(dataclasses.replace(preset(300), layers=2)).eval()
    assert share(model) is None
    assert inconsistency(model) is None


@pytest.mark.parametrize("longest", [1, 2, 30])
def test_hardly_any_positions_of_a_decoder(longest: int) -> None:
    assert share(DecoderOnly(dataclasses.replace(gpt_tiny(300), max_length=longest)).eval()) is None


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_equation_of_a_decoder_is(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    model = scaled(DecoderOnly(llama_tiny(300)), 2.0).eval()
    monkeypatch.setattr(kernels, "fused_attention", EDITS[name])
    found = share(model)
    assert found is not None
    assert found > 1e-4


@pytest.mark.parametrize("factor", [1.0, 0.0, 3.0, 30.0])
@pytest.mark.parametrize(
    "changes", [{}, {"masked_head": "none", "classes": 0}, {"masked_head": "plain", "max_length": 1}]
)
def test_encoder_only_models(changes: dict[str, Any], factor: float) -> None:
    config = dataclasses.replace(bert_tiny(300), **{"classes": 3, **changes})
    model = scaled(EncoderOnly(config).eval(), factor)
    assert share(model) is None
    assert inconsistency(model) is None


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_equation_of_an_encoder_is(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    model = scaled(EncoderOnly(bert_tiny(300)).eval(), 3.0)
    monkeypatch.setattr(kernels, "fused_attention", EDITS[name])
    if name == "no mask":  # Of one text alone every place may be seen.
        assert share(model) is None
        return
    found = share(model)
    assert found is not None
    assert found > 1e-3


def test_a_full_mask_over_a_decoder_is_compared_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """One network that is GPT and BERT: C reads it whole, and a trained mask that is ignored then is an edit."""
    full_mask = masks.full_mask
    monkeypatch.setattr(agreement, "full_mask", lambda rows: full_mask(rows) & (torch.arange(rows.shape[1]) < 30))
    found = share(scaled(DecoderOnly(dataclasses.replace(gpt_tiny(300), layers=2)).eval(), 3.0))
    assert found is not None
    assert found > 1e-3
