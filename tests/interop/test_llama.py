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


def test_scaled_rotary_keys_of_both_versions_are_read() -> None:
    """Llama 3.2's, in version 5's dict and in version 4's two keys, and the linear kind's older key."""
    scaling = {"factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "rope_type": "llama3"}
    scaling |= {"original_max_position_embeddings": 8192}
    newer = planned(rope_parameters={**scaling, "rope_theta": 500000.0}, max_position_embeddings=131072).config
    assert planned(rope_scaling=scaling, rope_theta=500000.0, max_position_embeddings=131072).config == newer
    assert (newer.rotary_scaling, newer.rotary_factor, newer.rotary_trained_length) == ("llama3", 32, 8192)
    assert (newer.rotary_low_turns, newer.rotary_high_turns, newer.rotary_base) == (1, 4, 500_000)
    older = planned(rope_scaling={"type": "linear", "factor": 2}).config
    assert (older.rotary_scaling, older.rotary_factor) == ("linear", 2)


def test_what_a_scaling_lacks_is_named() -> None:
    with pytest.raises(InteropError, match="rope_parameters has no factor"):
        planned(rope_parameters={"rope_type": "linear"})


@pytest.mark.parametrize(
    ("kind", "changes", "biases"),
    [
        ("llama", {}, (False, False, False)), ("llama", {"attention_bias": True}, (True, True, False)),
        ("llama", {"mlp_bias": True}, (False, False, True)), ("qwen2", {}, (True, False, False)),
        ("llama", {"attention_bias": True, "mlp_bias": True}, (True, True, True)),
        ("qwen3", {"attention_bias": True}, (True, True, False)),
    ],
)  # fmt: skip
def test_biases_are_where_the_settings_say(kind: str, changes: Any, biases: tuple[bool, ...]) -> None:
    block = planned(model_type=kind, **changes).config.block
    assert (block.has_query_bias, block.has_output_bias, block.bias) == biases


@pytest.mark.parametrize(
    "rope",
    [
        {"type": "dynamic"},
        {"rope_type": "longrope"},
        {"rope_type": "yarn", "factor": 2.0},
        {"partial_rotary_factor": 0.5},
        {"full": {"a": 1}},
        "x",
    ],
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
