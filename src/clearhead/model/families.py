"""Which model each kind of config makes."""

from torch import nn

from clearhead.model.causal import DecoderOnly
from clearhead.model.config import DecoderOnlyConfig, FamilyConfig, TransformerConfig
from clearhead.model.encoder_decoder import EncoderDecoder
from clearhead.model.masked import EncoderOnly


def built(config: FamilyConfig) -> nn.Module:
    """A model of the family that the config is of, untrained."""
    if isinstance(config, TransformerConfig):
        return EncoderDecoder(config)
    return DecoderOnly(config) if isinstance(config, DecoderOnlyConfig) else EncoderOnly(config)
