"""T5, in its first version and since 1.1 (Flan-T5, mT5). Source: transformers, models/t5 and models/mt5."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from clearhead.interop.activations import first_names
from clearhead.interop.foreign import Foreign, ForeignSettings, Numbers, Plan, Source, linear, same
from clearhead.interop.generation import task_of
from clearhead.interop.inputs import tables_of
from clearhead.model.config import GATED, TransformerConfig

_TABLE: Final = "block.0.layer.0.SelfAttention.relative_attention_bias.weight"
# Older files have one for encoder-decoder attention, too, which no version of T5 uses.
_IGNORED: Final = {
    r"decoder\.block\.0\.layer\.1\.EncDecAttention\.relative_attention_bias\.weight": "not used by T5 itself"
}
_ATTENTION: Final = {"query": "q", "key": "k", "value": "v", "output": "o"}
# How it calls the function between the two layers: "gated-gelu" is the approximated one, whatever its name says.
FORWARDS: Final = {
    "relu": "relu", "gelu": "gelu", "gelu_new": "gelu-tanh", "silu": "silu", "gated-relu": "reglu",
    "gated-gelu": "geglu-tanh", "gated-gelu_new": "geglu-tanh", "gated-silu": "swiglu",
}  # fmt: skip
# What the settings leave out is as each class has it.
_T5: Final = {"vocab_size": 32128, "num_layers": 6, "num_heads": 8, "d_ff": 2048, "feed_forward_proj": "relu"}
_MT5: Final = {"vocab_size": 250112, "num_layers": 8, "num_heads": 6, "d_ff": 1024, "feed_forward_proj": "gated-gelu"}
# Relative positions have no end; this is how many the tables of the compiled functions are made for.
_LEAST_LENGTH: Final = 1024


def t5(foreign: Foreign) -> Plan:
    """Its first version scales vectors before the output. Since transformers 5 the settings say so by a key of its own.

    Before, they said that the output's matrix is the input's, which they now say of every version.
    """
    settings = foreign.settings
    is_scaled = settings.flag("scale_decoder_outputs", settings.flag("tie_word_embeddings", True))
    return _plan(foreign, _T5, is_scaled)


def mt5(foreign: Foreign) -> Plan:
    return _plan(foreign, _MT5, is_scaled=False)


def settings_of(config: TransformerConfig) -> dict[str, Any]:
    """What such a config.json says of a model of ours; `t5` reads it again.

    An output that is the inputs' matrix is the first version's, whose vectors are scaled before it.
    """
    is_tied = config.share_embeddings == "all"
    return {
        "vocab_size": config.source_vocabulary, "d_model": config.width, "d_kv": config.block.head_width,
        "num_heads": config.heads, "d_ff": config.inner_width, "num_layers": config.encoder_layers,
        "num_decoder_layers": config.decoder_layers, "dropout_rate": config.dropout,
        "relative_attention_num_buckets": config.relative_buckets,
        "relative_attention_max_distance": config.relative_distance, "n_positions": config.max_length,
        "layer_norm_epsilon": config.eps, "feed_forward_proj": first_names(FORWARDS)[config.activation],
        "tie_word_embeddings": is_tied, "scale_decoder_outputs": is_tied,
    }  # fmt: skip


def _plan(foreign: Foreign, usual: Mapping[str, Any], is_scaled: bool) -> Plan:
    tables = tables_of(foreign)
    config = TransformerConfig(**_sizes(foreign.settings, usual), share_embeddings=tables.sharing)
    names = {**tables.names, **dict(_names(config, is_scaled))}
    return Plan(config, names, task_of(foreign.settings.values, "translation"), {**_IGNORED, **tables.ignored})


def _sizes(settings: ForeignSettings, usual: Mapping[str, Any]) -> dict[str, Any]:
    layers, rate = settings.whole("num_layers", usual["num_layers"]), settings.number("dropout_rate", 0.1)
    vocabulary = settings.whole("vocab_size", usual["vocab_size"])
    return {
        "source_vocabulary": vocabulary, "target_vocabulary": vocabulary, "width": settings.whole("d_model", 512),
        "heads": settings.whole("num_heads", usual["num_heads"]), "head_width": settings.whole("d_kv", 64),
        "inner_width": settings.whole("d_ff", usual["d_ff"]), "encoder_layers": layers,
        "decoder_layers": settings.whole("num_decoder_layers", layers), "dropout": rate, "attention_dropout": rate,
        "activation_dropout": rate, "positions": "relative",
        "relative_buckets": settings.whole("relative_attention_num_buckets", 32),
        "relative_distance": settings.whole("relative_attention_max_distance", 128),
        "max_length": max(_LEAST_LENGTH, settings.whole("n_positions", 512)), "norm_placement": "pre", "norm": "rms",
        "eps": settings.number("layer_norm_epsilon", 1e-6), "bias": False, "scale": 1.0, "scale_embeddings": False,
        "activation": settings.choice("feed_forward_proj", FORWARDS, usual["feed_forward_proj"]),
    }  # fmt: skip


def _names(config: TransformerConfig, is_scaled: bool) -> Iterator[tuple[str, Source]]:
    def scaled(weight: Numbers) -> Numbers:
        """What the first version multiplies vectors by before the output stands in the norm before it."""
        return weight * config.width**-0.5

    def unscaled(weight: Numbers) -> Numbers:
        return weight * config.width**0.5

    for stack, layers in (("encoder", config.encoder_layers), ("decoder", config.decoder_layers)):
        change, back = (scaled, unscaled) if is_scaled and stack == "decoder" else (same, same)
        yield f"{stack}.position_bias.table", Source(f"{stack}.{_TABLE}")
        yield from linear(f"{stack}.normalization", f"{stack}.final_layer_norm", change, back, bias=False)
        for number in range(layers):
            for ours, theirs in _parts(config, stack):
                yield from linear(f"{stack}.layers.{number}.{ours}", f"{stack}.block.{number}.{theirs}", bias=False)


def _parts(config: TransformerConfig, stack: str) -> Iterator[tuple[str, str]]:
    attentions = {"self_attention": "SelfAttention"}
    attentions |= {"cross_attention": "EncDecAttention"} if stack == "decoder" else {}
    for place, (ours, theirs) in enumerate(attentions.items()):
        for own, its in _ATTENTION.items():
            yield f"{ours}.{own}", f"layer.{place}.{theirs}.{its}"
        yield f"{ours}_residual.normalization", f"layer.{place}.layer_norm"
    layer, is_gated = f"layer.{len(attentions)}", config.activation in GATED
    yield "feed_forward.inner", f"{layer}.DenseReluDense.{'wi_0' if is_gated else 'wi'}"
    yield "feed_forward.gate", f"{layer}.DenseReluDense.wi_1"
    yield "feed_forward.outer", f"{layer}.DenseReluDense.wo"
    yield "feed_forward_residual.normalization", f"{layer}.layer_norm"
