"""BART, mBART, Marian (OPUS-MT) and Pegasus, whose layers have the same names. Source: transformers, models of these.

They differ in where they normalise and in their positions.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from clearhead.errors import InteropError
from clearhead.interop.activations import ACTIVATIONS, first_names
from clearhead.interop.foreign import Foreign, ForeignSettings, Numbers, Plan, Source, linear
from clearhead.interop.generation import task_of
from clearhead.interop.inputs import tables_of
from clearhead.model import tables
from clearhead.model.config import TransformerConfig

PREFIX: Final = "model."
_IGNORED: Final = {r"(encoder|decoder)\.version": "the number of a format"}
# A formula gives these.
_SINUSOIDS: Final = {r"(encoder|decoder)\.embed_positions\.weights?": "a table that a formula gives"}
# Before its rows for positions BART's table has two that it never reads.
_SKIPPED: Final = 2
_ATTENTION: Final = {"query": "q_proj", "key": "k_proj", "value": "v_proj", "output": "out_proj"}
_PARTS: Final = {
    "self_attention_residual.normalization": "self_attn_layer_norm",
    "feed_forward.inner": "fc1", "feed_forward.outer": "fc2", "feed_forward_residual.normalization": "final_layer_norm",
    **{f"self_attention.{ours}": f"self_attn.{theirs}" for ours, theirs in _ATTENTION.items()},
}  # fmt: skip
_CROSS_PARTS: Final = {
    "cross_attention_residual.normalization": "encoder_attn_layer_norm",
    **{f"cross_attention.{ours}": f"encoder_attn.{theirs}" for ours, theirs in _ATTENTION.items()},
}
_BIAS: Final = "final_logits_bias"


def bart(foreign: Foreign) -> Plan:
    """For summaries where its settings say how it writes these."""
    return _plan(foreign, "translation", positions="learned", embedding_norm=True)


def mbart(foreign: Foreign) -> Plan:
    return _plan(foreign, "translation", positions="learned", embedding_norm=True, norm_placement="pre")


def pegasus(foreign: Foreign) -> Plan:
    return _plan(foreign, "summarisation", positions="sinusoidal-halves", norm_placement="pre")


def marian(foreign: Foreign) -> Plan:
    """What its converter may write and the class does not compute is refused."""
    for key, wanted in (
        ("normalize_before", False), ("normalize_embedding", False), ("add_final_layer_norm", False),
        ("static_position_embeddings", True),
    ):  # fmt: skip
        foreign.settings.require(key, wanted, None)
    return _plan(foreign, "translation", positions="sinusoidal-halves")


def _plan(foreign: Foreign, usual: str, **kind: Any) -> Plan:
    matrices, task = tables_of(foreign), task_of(foreign.settings.values, usual)
    if kind["positions"] != "learned":
        _require_formula(foreign)
    has_bias = _BIAS in foreign and bool(foreign.read(_BIAS).any())
    sizes = _sizes(foreign.settings)
    config = TransformerConfig(**sizes, **kind, share_embeddings=matrices.sharing, output_bias=has_bias)
    ignored = {**_IGNORED, **matrices.ignored}
    ignored |= {} if config.positions == "learned" else _SINUSOIDS
    ignored |= {} if has_bias else {_BIAS: "all 0"}
    return Plan(config, {**matrices.names, **dict(_names(config))}, task, ignored)


def settings_of(config: TransformerConfig) -> dict[str, Any]:
    """What such a config.json says of a model of ours; `_sizes` reads it again."""
    both = {"attention_heads": config.heads, "ffn_dim": config.inner_width}
    return {
        "vocab_size": config.source_vocabulary, "d_model": config.width, "encoder_layers": config.encoder_layers,
        "decoder_layers": config.decoder_layers, "max_position_embeddings": config.max_length,
        "activation_function": first_names(ACTIVATIONS)[config.activation], "scale_embedding": config.scale_embeddings,
        "dropout": config.dropout, "attention_dropout": config.attention_dropout,
        "activation_dropout": config.activation_dropout,
        **{f"{stack}_{name}": value for stack in ("encoder", "decoder") for name, value in both.items()},
    }  # fmt: skip


def _require_formula(foreign: Foreign) -> None:
    """A table of sinusoids may be in the file, rounded to float16 even, and is then what the formula gives."""
    for name in filter(re.compile(next(iter(_SINUSOIDS))).fullmatch, foreign.shapes):
        rows = foreign.read(name)
        if rows.ndim != 2 or not np.allclose(rows, tables.LAYOUTS["sinusoidal-halves"](*rows.shape), atol=1e-3):
            raise InteropError(
                f"{foreign.settings.place}: the weights have {name}, which is no table of sinusoids as such a model "
                "has them; clearhead has no other for it"
            )


def _sizes(settings: ForeignSettings) -> dict[str, Any]:
    heads, inner = settings.whole("encoder_attention_heads", 16), settings.whole("encoder_ffn_dim", 4096)
    for key, same in (("decoder_attention_heads", heads), ("decoder_ffn_dim", inner)):
        settings.require(key, same, None)
    source = settings.whole("vocab_size", 50265)
    return {
        "source_vocabulary": source, "target_vocabulary": settings.whole("decoder_vocab_size", source),
        "width": settings.whole("d_model", 1024), "heads": heads, "inner_width": inner,
        "encoder_layers": settings.whole("encoder_layers", 12), "decoder_layers": settings.whole("decoder_layers", 12),
        "max_length": settings.whole("max_position_embeddings", 1024),
        "activation": settings.choice("activation_function", ACTIVATIONS, "gelu"),
        "scale_embeddings": settings.flag("scale_embedding", False), "dropout": settings.number("dropout", 0.1),
        "attention_dropout": settings.number("attention_dropout", 0.0),
        "activation_dropout": settings.number("activation_dropout", 0.0),
    }  # fmt: skip


def _names(config: TransformerConfig) -> Iterator[tuple[str, Source]]:
    yield "output.bias", Source(_BIAS, _flat, _as_row)
    for stack, side, layers in (
        ("encoder", "source", config.encoder_layers),
        ("decoder", "target", config.decoder_layers),
    ):
        embedding = f"{side}_embedding"
        yield f"{embedding}.positions.table", Source(f"{stack}.embed_positions.weight", _unskipped, _skipping)
        yield from linear(f"{embedding}.normalization", f"{stack}.layernorm_embedding")
        yield from linear(f"{stack}.normalization", f"{stack}.layer_norm")
        parts = _PARTS if stack == "encoder" else {**_PARTS, **_CROSS_PARTS}
        for number in range(layers):
            for ours, theirs in parts.items():
                yield from linear(f"{stack}.layers.{number}.{ours}", f"{stack}.layers.{number}.{theirs}")


def _unskipped(rows: Numbers) -> Numbers:
    return rows[_SKIPPED:]


def _skipping(rows: Numbers) -> Numbers:
    return np.pad(rows, ((_SKIPPED, 0), (0, 0)))


def _flat(numbers: Numbers) -> Numbers:
    return numbers.reshape(-1)


def _as_row(numbers: Numbers) -> Numbers:
    return numbers.reshape(1, -1)
