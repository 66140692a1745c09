"""Which model each kind of config makes."""

from torch import nn

from clearhead.model.config import TransformerConfig
from clearhead.model.encoder_decoder import EncoderDecoder


def built(config: TransformerConfig) -> nn.Module:
    """A model of the family that the config is of, untrained."""
    return EncoderDecoder(config)
