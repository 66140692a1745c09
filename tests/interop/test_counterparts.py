"""Which class of transformers a model of ours becomes; that it computes the same there is in test_exporting.py."""

import dataclasses

import numpy as np
import pytest

from clearhead.errors import InteropError
from clearhead.interop.counterparts import counterpart
from clearhead.interop.equivalent import Weighted
from clearhead.model.config import DecoderOnlyConfig, FamilyConfig
from clearhead.model.shapes import parameter_shapes

from .own_models import GPT, LLAMA, MODELS


def weighted(config: FamilyConfig) -> Weighted:
    return Weighted(config, {name: np.zeros(shape, np.float32) for name, shape in parameter_shapes(config).items()})


@pytest.mark.parametrize("name", MODELS)
def test_each_has_its_class(name: str) -> None:
    architecture, config = MODELS[name]
    found = counterpart(weighted(config))
    assert found.architecture == architecture
    # What decides at an import is a tensor that the model has.
    assert set(found.asked.values()) <= set(found.model.weights)


def test_what_has_no_class_is_refused_by_its_value() -> None:
    config = dataclasses.replace(DecoderOnlyConfig(**GPT), norm_placement="post")
    with pytest.raises(InteropError, match=r"^norm_placement=post has no counterpart in GPT2LMHeadModel.*expected pre"):
        counterpart(weighted(config))


def test_what_is_written_otherwise_is_told() -> None:
    """Neighbours that turn together become halves: Llama has these alone."""
    config = DecoderOnlyConfig(**{**LLAMA, "positions": "rotary"})
    found = counterpart(weighted(config))
    assert found.model.config.positions == "rotary-halves"
    assert "what is turned together stands half a head apart" in found.notes
