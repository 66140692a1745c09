"""Which model each kind of config makes."""

from torch import nn

from clearhead.model.causal import DecoderOnly
from clearhead.model.config import DecoderOnlyConfig, FamilyConfig
from clearhead.model.encoder_decoder import EncoderDecoder


def built(config: FamilyConfig) -> nn.Module:
    """A model of the family that the config is of, untrained."""
    return DecoderOnly(config) if isinstance(config, DecoderOnlyConfig) else EncoderDecoder(config)
