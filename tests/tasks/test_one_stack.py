"""The families of one stack: their configs are those of a recipe, and their models those of the config."""

from typing import Any

import pytest
import torch

from clearhead.model import DecoderOnly, EncoderOnly, bert_tiny, gpt_tiny
from clearhead.recipe import ModelSettings
from clearhead.tasks.one_stack import DECODER_ONLY, ENCODER_ONLY, OneStack


def test_sizes_are_those_of_a_recipe() -> None:
    assert DECODER_ONLY.config(ModelSettings(width=32, heads=2), 65).width == 32
    assert DECODER_ONLY.config(ModelSettings(), 65) == gpt_tiny(65)
    assert ENCODER_ONLY.config(ModelSettings(), 65) == bert_tiny(65)


@pytest.mark.parametrize(("stack", "kind"), [(DECODER_ONLY, DecoderOnly), (ENCODER_ONLY, EncoderOnly)])
def test_models_are_made_from_a_seed(stack: OneStack[Any, Any], kind: type[DecoderOnly] | type[EncoderOnly]) -> None:
    config = stack.config_class(vocabulary=9, layers=3, width=8, heads=2, inner_width=8)
    model = stack.new_model(config, 4)
    assert type(model) is kind
    for one, other in zip(model.parameters(), kind(config, 4).parameters(), strict=True):
        assert torch.equal(one, other)
    assert len([*stack.layers(model)]) == 3
