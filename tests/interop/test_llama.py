"""Llama and its kin: tests/interop/test_importing.py compares each class with transformers."""

from typing import Any

import numpy as np
import pytest

from clearhead.errors import InteropError
from clearhead.interop.foreign import Foreign, ForeignSettings, Plan
from clearhead.interop.llama import llama

SIZES = {"vocab_size": 9, "hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1, "intermediate_size": 12}


def planned(**settings: Any) -> Plan:
    return llama(Foreign(ForeignSettings({**SIZES, **settings}, "config.json"), {}, lambda name: np.zeros(1)))


def test_rotary_keys_of_both_versions_of_transformers_are_read() -> None:
    assert planned().config.rotary_base == 10_000
    assert planned(rope_theta=500.0).config.rotary_base == 500
    assert planned(rope_theta=500.0, rope_scaling=None).config.rotary_base == 500
    assert planned(rope_parameters={"rope_theta": 1e6, "rope_type": "default"}).config.rotary_base == 1e6


@pytest.mark.parametrize(
    "rope", [{"type": "dynamic"}, {"rope_type": "longrope"}, {"partial_rotary_factor": 0.5}, {"full": {"a": 1}}, "x"]
)
def test_rotary_positions_that_clearhead_has_not_are_refused(rope: Any) -> None:
    with pytest.raises(InteropError, match="which clearhead cannot take"):
        planned(rope_parameters=rope)


def test_no_text_is_longer_than_the_window_that_is_seen() -> None:
    """Beyond it a model with a sliding window computes otherwise than one without."""
    assert planned(max_position_embeddings=100, sliding_window=40).config.max_length == 40
    assert planned(max_position_embeddings=100, sliding_window=400).config.max_length == 100
    unused = planned(max_position_embeddings=100, sliding_window=40, use_sliding_window=False)
    assert unused.config.max_length == 100
