"""Llama and what is like it: Mistral, SmolLM2, Qwen2, Qwen3. Source: transformers, models/llama and its kin."""

from collections.abc import Iterator
from typing import Any, Final

from clearhead.interop.activations import first_names
from clearhead.interop.foreign import Foreign, ForeignSettings, Plan, Source, linear
from clearhead.model.config import Activation, DecoderOnlyConfig, RotaryScaling

PREFIX: Final = "model."
_IGNORED: Final = {r".*rotary_emb\.inv_freq|rope_freqs\.weight": "a table that a formula gives"}
GATES: Final[dict[str, Activation]] = {
    "silu": "swiglu", "swish": "swiglu", "gelu": "geglu", "gelu_pytorch_tanh": "geglu-tanh", "relu": "reglu",
}  # fmt: skip
# Our names for how angles are scaled, and theirs.
SCALINGS: Final[dict[RotaryScaling, str]] = {"none": "default", "linear": "linear", "llama3": "llama3"}
_PARTS: Final = {
    "self_attention.query": "self_attn.q_proj", "self_attention.key": "self_attn.k_proj",
    "self_attention.value": "self_attn.v_proj", "self_attention.output": "self_attn.o_proj",
    "feed_forward.inner": "mlp.gate_proj", "feed_forward.gate": "mlp.up_proj", "feed_forward.outer": "mlp.down_proj",
}  # fmt: skip
_NORMS: Final = {
    "self_attention_residual.normalization": "input_layernorm",
    "feed_forward_residual.normalization": "post_attention_layernorm",
}
_HEAD_NORMS: Final = {
    "self_attention.query_normalization": "self_attn.q_norm", "self_attention.key_normalization": "self_attn.k_norm",
}  # fmt: skip


def llama(foreign: Foreign) -> Plan:
    settings = foreign.settings
    more = {"query_key_norm": "layers.0.self_attn.q_norm.weight" in foreign, **_biases(settings)}
    config = _config(settings, foreign.are_one("embed_tokens.weight", "lm_head.weight"), more)
    return Plan(config, dict(_names(config, foreign)), "language-modelling", _IGNORED)


def _config(settings: ForeignSettings, is_tied: bool, more: dict[str, Any]) -> DecoderOnlyConfig:
    heads, width = settings.whole("num_attention_heads", 32), settings.whole("hidden_size", 4096)
    longest = settings.whole("max_position_embeddings", 2048)
    if settings.values.get("use_sliding_window", True) and settings.values.get("sliding_window"):
        longest = min(longest, settings.whole("sliding_window"))
    activation = settings.choice("hidden_act", GATES, "silu")
    return DecoderOnlyConfig(
        vocabulary=settings.whole("vocab_size"), layers=settings.whole("num_hidden_layers", 32), width=width,
        heads=heads, kv_heads=settings.whole("num_key_value_heads", heads),
        head_width=settings.whole("head_dim", width // heads), inner_width=settings.whole("intermediate_size", 11008),
        max_length=longest, dropout=0.0, positions="rotary-halves", norm="rms",
        eps=settings.number("rms_norm_eps", 1e-6), norm_placement="pre", activation=activation,
        scale_embeddings=False, initialization="gpt2", share_embeddings=is_tied, **more, **_rotary(settings),
    )  # fmt: skip


def settings_of(config: DecoderOnlyConfig) -> dict[str, Any]:
    """What such a config.json says of a model of ours; `_config` reads it again. Both versions of transformers do."""
    block, rope = config.block, _rope_of(config)
    return {
        "vocab_size": config.vocabulary, "num_hidden_layers": config.layers, "hidden_size": config.width,
        "num_attention_heads": config.heads, "num_key_value_heads": block.kv_heads,
        "head_dim": block.head_width, "intermediate_size": config.inner_width,
        "max_position_embeddings": config.max_length, "rms_norm_eps": config.eps, "rope_theta": rope["rope_theta"],
        "rope_parameters": rope, "attention_bias": block.has_output_bias, "mlp_bias": config.bias,
        "hidden_act": first_names(GATES)[config.activation], "tie_word_embeddings": config.share_embeddings,
        "attention_dropout": config.attention_dropout,
    }  # fmt: skip


def _rope_of(config: DecoderOnlyConfig) -> dict[str, Any]:
    """What `_rotary` reads again."""
    found: dict[str, Any] = {"rope_type": SCALINGS[config.rotary_scaling], "rope_theta": float(config.rotary_base)}
    if config.rotary_scaling != "none":
        found["factor"] = float(config.rotary_factor)
    if config.rotary_scaling == "llama3":
        found |= {"low_freq_factor": config.rotary_low_turns, "high_freq_factor": config.rotary_high_turns}
        found["original_max_position_embeddings"] = config.rotary_trained_length
    return found


def _biases(settings: ForeignSettings) -> dict[str, Any]:
    """Qwen2 has them on queries, keys and values, Mistral nowhere; the others as their settings say."""
    kind = settings.values.get("model_type")
    if kind == "qwen2":
        return {"bias": False, "query_key_value_bias": True}
    if kind == "mistral":
        return {"bias": False}
    inner, has_bias = kind != "qwen3" and settings.flag("mlp_bias", False), settings.flag("attention_bias", False)
    own = None if inner == has_bias else has_bias
    return {"bias": inner, "query_key_value_bias": own, "attention_output_bias": own}


def _rotary(settings: ForeignSettings) -> dict[str, Any]:
    """The frequencies: one dict since version 5 of transformers, and two keys before it."""
    values: Any = settings.values
    rope = values.get("rope_parameters") or values.get("rope_scaling") or {}
    if not isinstance(rope, dict) or any(isinstance(one, dict) for one in rope.values()):
        raise settings.refused("rope_parameters", rope, "one kind for all layers")
    rope = ForeignSettings(rope, f"{settings.place}'s rope_parameters")
    rope.require("partial_rotary_factor", 1.0, 1, None)
    base = {"rotary_base": rope.number("rope_theta", settings.number("rope_theta", 10_000.0))}
    return base | _scaling(rope, settings.whole("max_position_embeddings", 2048))


def _scaling(rope: ForeignSettings, longest: int) -> dict[str, Any]:
    """How angles are scaled, which version 4 may call `type`; by what, nobody but the file says."""
    key = "type" if rope.values.get("rope_type") is None else "rope_type"
    kind = rope.choice(key, {theirs: ours for ours, theirs in SCALINGS.items()}, "default")
    if kind == "none":
        return {}
    found = {"rotary_scaling": kind, "rotary_factor": rope.number("factor")}
    if kind == "linear":
        return found
    return found | {
        "rotary_trained_length": rope.whole("original_max_position_embeddings", longest),
        "rotary_low_turns": rope.number("low_freq_factor"), "rotary_high_turns": rope.number("high_freq_factor"),
    }  # fmt: skip


def _names(config: DecoderOnlyConfig, foreign: Foreign) -> Iterator[tuple[str, Source]]:
    yield "embedding.matrix.weight", Source(foreign.first_of("embed_tokens.weight", "lm_head.weight"))
    yield "output.matrix.weight", Source("lm_head.weight")
    yield "decoder.normalization.weight", Source("norm.weight")
    norms = _NORMS | (_HEAD_NORMS if config.query_key_norm else {})
    for number in range(config.layers):
        for ours, theirs in (_PARTS | norms).items():
            yield from linear(f"decoder.layers.{number}.{ours}", f"layers.{number}.{theirs}")
