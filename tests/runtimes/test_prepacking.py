"""Weights as C reads them: tests/runtimes/test_compiled.py compares what it computes with them."""

import dataclasses
from typing import Any, get_args

import numpy as np
import pytest

from clearhead.errors import DecodingError, UnknownWeightsError
from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.model.config import Activation, BlockConfig, PositionKind
from clearhead.native import compiler
from clearhead.native import library as native
from clearhead.runtimes.compiled import CompiledRuntime
from clearhead.runtimes.prepacking import unknown_to_c
from clearhead.runtimes.preparing import weights_of

CONFIG = TransformerConfig(
    source_vocabulary=11, target_vocabulary=11, width=8, heads=2, inner_width=12, encoder_layers=1, decoder_layers=1,
    max_length=9, share_embeddings="none",
)  # fmt: skip
QUERY_BIAS = "encoder.layers.0.self_attention.query.bias"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("activation", one) for one in get_args(Activation)),
        *(("positions", one) for one in get_args(PositionKind)),
        *(("scale_embeddings", False), ("rotary_base", 500.0), ("initialization", "gpt2")),
        *(("embedding_norm", True), ("query_key_norm", True)),
    ],
)
def test_c_knows_all_that_a_block_may_be(name: str, value: Any) -> None:
    assert unknown_to_c(dataclasses.replace(CONFIG, **{name: value}).block) is None


def test_every_value_of_a_block_is_known_or_refused() -> None:
    """Whoever adds one decides here what C does with it: it reads it, or `unknown_to_c` names it."""
    read = {
        "width", "heads", "kv_heads", "head_width", "inner_width", "positions", "max_length", "norm_placement", "norm",
        "eps", "bias", "activation", "scale", "scale_embeddings", "rotary_base", "embedding_norm", "query_key_norm",
        "relative_buckets", "relative_distance", "query_key_value_bias",
        "attention_output_bias", "rotary_scaling", "rotary_factor", "rotary_trained_length", "rotary_low_turns",
        "rotary_high_turns",
    }  # fmt: skip
    of_training = {"dropout", "attention_dropout", "activation_dropout", "initialization", "position_shift"}
    assert {one.name for one in dataclasses.fields(BlockConfig)} == read | of_training


def test_what_c_does_not_know_is_named() -> None:
    block = CONFIG.block
    object.__setattr__(block, "activation", "mish")
    assert unknown_to_c(block) == "activation='mish'"


@pytest.mark.skipif(compiler.find_compiler() is None, reason="this machine has no C compiler")
@pytest.mark.parametrize("name", ["decoder.layers.0.feed_forward.inner.weight", "source_embedding.matrix.weight"])
@pytest.mark.parametrize("broken", ["nan", "inf", "shape"])
def test_what_c_would_believe_is_refused(name: str, broken: str) -> None:
    """faults.md A5, A6: numbers that are none, and a weight of another shape than the config says."""
    library = native.library()
    assert library is not None
    weights = {key: np.array(value) for key, value in weights_of(EncoderDecoder(CONFIG, seed=1)).items()}
    CompiledRuntime(library, CONFIG, weights, "fp32")
    if broken == "shape":
        weights[name] = weights[name][:-1]
    else:
        weights[name][0, 0] = float(broken)
    with pytest.raises(DecodingError, match=r"the compiled functions cannot take|holds (NaN|an infinite number)"):
        CompiledRuntime(library, CONFIG, weights, "fp32")


@pytest.mark.skipif(compiler.find_compiler() is None, reason="this machine has no C compiler")
@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda weights: weights | {"encoder.layers.0.self_attention.temperature": np.ones(2)}, "do not know .*temper"),
        (lambda weights: {name: one for name, one in weights.items() if name != QUERY_BIAS}, f"{QUERY_BIAS}.*nothing"),
        (lambda weights: weights | {QUERY_BIAS: np.ones(9, np.float32)}, rf"{QUERY_BIAS}.*\(9,\).*expected.*\(8,\)"),
    ],
)
def test_every_weight_is_read(edit: Any, message: str) -> None:
    """A parameter that somebody added to the model and that C passed over would be another model without a word."""
    library = native.library()
    assert library is not None
    weights = dict(weights_of(EncoderDecoder(CONFIG, seed=1)))
    with pytest.raises(UnknownWeightsError, match=message):
        CompiledRuntime(library, CONFIG, edit(weights), "fp32")
