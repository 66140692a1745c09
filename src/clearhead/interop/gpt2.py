"""GPT-2, whose linear layers are laid out (inputs, outputs). Source: transformers, models/gpt2."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from clearhead.interop.activations import ACTIVATIONS, first_names
from clearhead.interop.foreign import Change, Foreign, ForeignSettings, Numbers, Plan, Source, linear
from clearhead.model.config import DecoderOnlyConfig

PREFIX: Final = "transformer."
_IGNORED: Final = {r"h\.\d+\.attn\.(masked_)?bias": "a mask that we make ourselves"}
_NORMS: Final = {
    "self_attention_residual.normalization": "ln_1", "feed_forward_residual.normalization": "ln_2",
}  # fmt: skip
_LINEAR: Final = {
    "self_attention.output": "attn.c_proj", "feed_forward.inner": "mlp.c_fc", "feed_forward.outer": "mlp.c_proj",
}  # fmt: skip


def gpt2(foreign: Foreign) -> Plan:
    settings = foreign.settings
    for key, wanted in (
        ("scale_attn_weights", True), ("scale_attn_by_inverse_layer_idx", False), ("add_cross_attention", False),
    ):  # fmt: skip
        settings.require(key, wanted, None)
    config = _config(settings, foreign.are_one("wte.weight", "lm_head.weight"))
    return Plan(config, dict(_names(config, foreign)), "language-modelling", _IGNORED)


def _config(settings: ForeignSettings, is_tied: bool) -> DecoderOnlyConfig:
    width = settings.whole("n_embd", 768)
    return DecoderOnlyConfig(
        vocabulary=settings.whole("vocab_size", 50257), layers=settings.whole("n_layer", 12), width=width,
        heads=settings.whole("n_head", 12), inner_width=settings.whole("n_inner", 4 * width),
        max_length=settings.whole("n_positions", 1024), dropout=settings.number("resid_pdrop", 0.1),
        attention_dropout=settings.number("attn_pdrop", 0.1), eps=settings.number("layer_norm_epsilon", 1e-5),
        positions="learned", norm_placement="pre", scale_embeddings=False, initialization="gpt2",
        activation=settings.choice("activation_function", ACTIVATIONS, "gelu_new"), share_embeddings=is_tied,
    )  # fmt: skip


def settings_of(config: DecoderOnlyConfig) -> dict[str, Any]:
    """What such a config.json says of a model of ours; `_config` reads it again."""
    return {
        "vocab_size": config.vocabulary, "n_layer": config.layers, "n_embd": config.width, "n_head": config.heads,
        "n_inner": config.inner_width, "n_positions": config.max_length, "resid_pdrop": config.dropout,
        "embd_pdrop": config.dropout, "attn_pdrop": config.attention_dropout, "layer_norm_epsilon": config.eps,
        "activation_function": first_names(ACTIVATIONS)[config.activation],
        "tie_word_embeddings": config.share_embeddings,
    }  # fmt: skip


def _names(config: DecoderOnlyConfig, foreign: Foreign) -> Iterator[tuple[str, Source]]:
    yield "embedding.matrix.weight", Source(foreign.first_of("wte.weight", "lm_head.weight"))
    yield "output.matrix.weight", Source("lm_head.weight")
    yield "embedding.positions.table", Source("wpe.weight")
    yield from linear("decoder.normalization", "ln_f")
    for number in range(config.layers):
        ours, theirs = f"decoder.layers.{number}", f"h.{number}"
        for place, name in enumerate(("query", "key", "value")):
            yield (
                f"{ours}.self_attention.{name}.weight",
                Source(f"{theirs}.attn.c_attn.weight", _third(place), np.transpose),
            )
            yield f"{ours}.self_attention.{name}.bias", Source(f"{theirs}.attn.c_attn.bias", _third(place))
        for own, its in _LINEAR.items():
            yield from linear(f"{ours}.{own}", f"{theirs}.{its}", np.transpose, np.transpose)
        for own, its in _NORMS.items():
            yield from linear(f"{ours}.{own}", f"{theirs}.{its}")


def _third(place: int) -> Change:
    """Query, key or value: one of three side by side, with the outputs first."""

    def change(numbers: Numbers) -> Numbers:
        return np.split(numbers, 3, axis=-1)[place].T

    return change
