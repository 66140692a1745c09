"""A config makes a model of its family."""

import pytest

from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.model.families import built


@pytest.mark.parametrize("layers", [0, 1])
def test_an_encoder_decoder(layers: int) -> None:
    config = TransformerConfig(
        source_vocabulary=9, target_vocabulary=9, width=8, heads=2, inner_width=8, encoder_layers=layers,
        decoder_layers=1,
    )  # fmt: skip
    model = built(config)
    assert isinstance(model, EncoderDecoder)
    assert len(model.encoder.layers) == layers
