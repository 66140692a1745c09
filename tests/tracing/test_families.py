"""Which sequences a family's traces have, and of which ids they are."""

from types import SimpleNamespace

import pytest

from clearhead.errors import ConfigError
from clearhead.model import DecoderOnlyConfig, EncoderOnlyConfig, TransformerConfig
from clearhead.tracing.families import FAMILIES, family_of


def test_a_config_tells_its_family() -> None:
    pair = TransformerConfig(source_vocabulary=9, target_vocabulary=8, decoder_layers=1, share_embeddings="target")
    family = family_of(pair)
    assert family is FAMILIES["encoder-decoder"]
    assert family.sequences == ("source", "target", "predicted")
    assert [family.vocabulary(pair, name) for name in family.sequences] == [9, 8, 8]
    assert family.layers(pair) == 7
    for name, config in (
        ("decoder-only", DecoderOnlyConfig(vocabulary=7, layers=3)),
        ("encoder-only", EncoderOnlyConfig(vocabulary=7, layers=3)),
    ):
        family = family_of(config)
        assert family is FAMILIES[name]
        assert {family.vocabulary(config, one) for one in family.sequences} == {7}
        assert family.layers(config) == 3


def test_a_config_of_no_family_is_refused() -> None:
    with pytest.raises(ConfigError, match="a SimpleNamespace is of no family that can be traced; these are: encoder-"):
        family_of(SimpleNamespace(width=8))
