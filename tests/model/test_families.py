"""A config makes a model of its family."""

import pytest

from clearhead.model import (
    DecoderOnly,
    DecoderOnlyConfig,
    EncoderDecoder,
    EncoderOnly,
    EncoderOnlyConfig,
    TransformerConfig,
)
from clearhead.model.as_built import departure
from clearhead.model.families import built

SIZES = {"width": 8, "heads": 2, "inner_width": 8}


@pytest.mark.parametrize("layers", [0, 1])
def test_an_encoder_decoder(layers: int) -> None:
    config = TransformerConfig(
        source_vocabulary=9, target_vocabulary=9, encoder_layers=layers, decoder_layers=1, **SIZES
    )
    model = built(config)
    assert isinstance(model, EncoderDecoder)
    assert len(model.encoder.layers) == layers


@pytest.mark.parametrize("layers", [0, 1])
def test_a_decoder_only(layers: int) -> None:
    model = built(DecoderOnlyConfig(vocabulary=9, layers=layers, **SIZES))
    assert isinstance(model, DecoderOnly)
    assert len(model.decoder.layers) == layers


@pytest.mark.parametrize("layers", [0, 1])
def test_an_encoder_only(layers: int) -> None:
    model = built(EncoderOnlyConfig(vocabulary=9, layers=layers, **SIZES))
    assert isinstance(model, EncoderOnly)
    assert len(model.encoder.layers) == layers
    assert departure(model) is None


def test_what_is_built_is_as_built() -> None:
    """What computes the same faster may serve it, until something is put in place or its code is edited."""
    model = built(DecoderOnlyConfig(vocabulary=9, layers=1, **SIZES))
    assert departure(model) is None
    model.decoder.layers[0].register_forward_hook(lambda module, given, result: result)
    assert departure(model) == "a hook on decoder.layers.0"


def test_an_edited_class_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    model = built(DecoderOnlyConfig(vocabulary=9, layers=1, **SIZES))
    monkeypatch.setattr(DecoderOnly, "step", lambda self, tokens, cache: tokens)
    assert departure(model) == "a hook on every module, or an edited function"
