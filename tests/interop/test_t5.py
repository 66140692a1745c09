"""T5's names and settings: tests/interop/test_bart.py compares its models with transformers."""

from typing import Any

import numpy as np
import pytest

from clearhead.interop.foreign import Foreign, ForeignSettings, Plan
from clearhead.interop.t5 import mt5, t5


def plan_of(made: Any = t5, shapes: dict[str, tuple[int, ...]] | None = None, **settings: Any) -> Plan:
    return made(Foreign(ForeignSettings(settings, "config.json"), shapes or {}, lambda name: np.ones(2, np.float32)))


@pytest.mark.parametrize(
    ("settings", "is_scaled"),
    [
        ({}, True),
        ({"tie_word_embeddings": True}, True),
        ({"tie_word_embeddings": False}, False),
        ({"tie_word_embeddings": True, "scale_decoder_outputs": False}, False),
        ({"tie_word_embeddings": True, "scale_decoder_outputs": True}, True),
    ],
)
def test_whether_vectors_are_scaled_before_the_output(settings: dict[str, Any], is_scaled: bool) -> None:
    """transformers 4 says so by tie_word_embeddings; 5 by a key of its own, with ties in every file."""
    change = plan_of(**settings, d_model=64).names["decoder.normalization.weight"].change
    assert change(np.ones(1, np.float32)).tolist() == [0.125 if is_scaled else 1.0]


def test_mt5_never_scales() -> None:
    assert plan_of(mt5, tie_word_embeddings=True).names["decoder.normalization.weight"].change(np.ones(1)) == 1


def test_what_the_settings_leave_out_is_t5_small_s() -> None:
    """Raffel et al. 2020, section 3.1.2 names T5-Small: 6 layers, d_model 512, d_ff 2048, 8 heads of 64."""
    config: Any = plan_of().config
    assert (config.encoder_layers, config.decoder_layers, config.width, config.inner_width) == (6, 6, 512, 2048)
    assert (config.heads, config.head_width, config.activation, config.bias) == (8, 64, "relu", False)
    assert plan_of(num_layers=3).config.decoder_layers == 3  # type: ignore[union-attr]


def test_gated_gelu_is_the_approximated_one() -> None:
    assert plan_of(feed_forward_proj="gated-gelu").config.activation == "geglu-tanh"
    assert plan_of(mt5).config.activation == "geglu-tanh"
    assert plan_of(feed_forward_proj="gated-silu").config.activation == "swiglu"
