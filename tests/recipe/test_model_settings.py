"""A model's keys are the fields of its config class."""

import dataclasses

import pydantic
import pytest

from clearhead.errors import ConfigError
from clearhead.model import (
    CAUSAL_PRESETS,
    MASKED_PRESETS,
    PRESETS,
    DecoderOnlyConfig,
    TransformerConfig,
    bert_base,
    bert_tiny,
    gpt_tiny,
    llama_tiny,
)
from clearhead.recipe import ModelSettings
from clearhead.recipe.model_settings import FAMILY_CONFIGS, FAMILY_PRESETS, own_settings

FROM_TEXT = {"source_vocabulary", "target_vocabulary", "vocabulary", "classes"}


@pytest.mark.parametrize("family", FAMILY_CONFIGS)
def test_every_field_but_what_the_text_decides_is_a_key(family: str) -> None:
    fields = {field.name for field in dataclasses.fields(FAMILY_CONFIGS[family])}
    assert own_settings(family).keys() == fields - FROM_TEXT
    assert own_settings(family).keys() <= ModelSettings.model_fields.keys()


def test_every_preset_may_be_named() -> None:
    assert {
        "encoder-decoder": tuple(PRESETS),
        "decoder-only": tuple(CAUSAL_PRESETS),
        "encoder-only": tuple(MASKED_PRESETS),
    } == FAMILY_PRESETS
    for name in (*PRESETS, *CAUSAL_PRESETS, *MASKED_PRESETS):
        assert ModelSettings(preset=name).preset == name


def test_a_decoder_only_model() -> None:
    assert ModelSettings().causal_config(65) == gpt_tiny(65)
    changed = ModelSettings(preset="llama_tiny", layers=2, share_embeddings=False, bias=True).causal_config(9)
    assert changed == dataclasses.replace(llama_tiny(9), layers=2, share_embeddings=False, bias=True)
    assert isinstance(changed, DecoderOnlyConfig)


def test_an_encoder_only_model() -> None:
    assert ModelSettings().masked_config(65) == bert_tiny(65)
    changed = ModelSettings(preset="bert_base", pooling="mean", segments=0).masked_config(9, classes=3)
    assert changed == dataclasses.replace(bert_base(9), pooling="mean", segments=0, classes=3)


def test_an_encoder_decoder_may_share_heads_too() -> None:
    config = ModelSettings(preset="street", kv_heads=2).config(9, 9)
    assert isinstance(config, TransformerConfig)
    assert config.kv_heads == 2


@pytest.mark.parametrize(
    "wrong",
    [{"width": 0}, {"width": "8.5"}, {"layers": -1}, {"dropout": 1.0}, {"eps": 0}, {"norm": "batch"}, {"bias": 3},
     {"share_embeddings": "some"}, {"colour": "red"}, {"width": 2**17}],
)  # fmt: skip
def test_what_no_model_has(wrong: dict[str, object]) -> None:
    with pytest.raises(pydantic.ValidationError):
        ModelSettings(**wrong)


def test_sizes_that_contradict_each_other() -> None:
    with pytest.raises(ConfigError, match="width=100 is not divisible by heads=3"):
        ModelSettings(preset="gpt_tiny", width=100, heads=3).causal_config(10)
