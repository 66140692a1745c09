"""CTranslate2's folder: a model of ours by the classes of its own package, which write the file."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clearhead.errors import InteropError, PackageError
from clearhead.interop import equivalent
from clearhead.interop.equivalent import Weighted
from clearhead.interop.foreign import Numbers
from clearhead.interop.token_files import TARGET_TOKENIZER, token_files
from clearhead.interop.tokens import ids_of
from clearhead.model import tables
from clearhead.model.config import (
    ADDED,
    GATED,
    SHARED_SOURCE,
    DecoderOnlyConfig,
    EncoderOnlyConfig,
    FamilyConfig,
    TransformerConfig,
)
from clearhead.model.shapes import shared_names

if TYPE_CHECKING:
    from clearhead.bundle import Bundle

_ACTIVATIONS: Final = {"relu": "RELU", "gelu": "GELU", "gelu-tanh": "GELUTanh", "silu": "SWISH"}
# In how many bits weights may be stored; the first is as they are.
KINDS: Final = ("float32", "float16", "bfloat16", "int16", "int8")


def write_ctranslate(bundle: "Bundle", model: Weighted, folder: Path, numbers: str) -> tuple[str, tuple[str, ...]]:
    """Write model.bin, config.json, the vocabularies and tokenizer.json; the class, and what was changed for it.

    What it reads are the tokens of tokenizer.json, end included. Raises InteropError for a model that it cannot
    compute, and PackageError without the package.
    """
    specs = _package()
    _require(model.config)
    notes: list[str] = []
    if isinstance(model.config, TransformerConfig) and model.config.block.kv_heads != model.config.heads:
        model = equivalent.with_own_keys(model)
        notes.append("shared keys and values are repeated")
    spec = _Writer(model, specs).spec()
    _register(spec, bundle)
    spec.validate()
    spec.optimize(quantization=None if numbers == "float32" else numbers)
    spec.save(str(folder))
    tokens = token_files(bundle)
    (folder / "tokenizer.json").write_text(tokens.document, encoding="utf-8", newline="\n")
    if tokens.target_document is not None:
        (folder / TARGET_TOKENIZER).write_text(tokens.target_document, encoding="utf-8", newline="\n")
    return type(spec).__name__, tuple(notes)


def _package() -> Any:
    try:
        from ctranslate2 import specs
    except ImportError:
        raise PackageError(
            "exporting --to ctranslate2 needs the package ctranslate2; install it with: pip install 'clearhead[export]'"
        ) from None
    return specs


def _require(config: FamilyConfig) -> None:
    """Refuse what it does not compute, by name and value."""
    if isinstance(config, EncoderOnlyConfig):
        raise InteropError("a model that reads whole texts is not exported --to ctranslate2; use --to huggingface")
    rotary = ("rotary", "rotary-halves") if isinstance(config, DecoderOnlyConfig) else ("relative",)
    refused = {
        "positions": config.positions not in (*ADDED, *rotary),
        # Its specification of this kind has no place for the factor.
        "rotary_scaling": config.positions in rotary and config.rotary_scaling == "llama3",
        "activation": GATED.get(config.activation, config.activation) not in _ACTIVATIONS,
        "query_key_norm": config.query_key_norm and config.norm != "rms",
    }
    for name, is_refused in refused.items():
        if is_refused:
            raise InteropError(
                f"{name}={getattr(config, name)} is nothing that CTranslate2 computes in such a model; train a model "
                "with another, such as the paper's"
            )


class _Writer:
    """Fills the variables of a specification with the numbers of a model of ours."""

    def __init__(self, model: Weighted, specs: Any) -> None:
        self.config, self.specs = model.config, specs
        shared = shared_names(model.config)
        self.weights: Mapping[str, Numbers] = {
            **model.weights, **{name: model.weights[other] for name, other in shared.items()},
        }  # fmt: skip

    def spec(self) -> Any:
        config, specs = self.config, self.specs
        if isinstance(config, DecoderOnlyConfig):
            decoder = self._decoder(config.layers, with_encoder_attention=False, **self._rotary(config))
            spec = specs.TransformerDecoderModelSpec(decoder)
            self._embed(decoder.embeddings, decoder, "embedding")
        else:
            assert isinstance(config, TransformerConfig)
            encoder = specs.TransformerEncoderSpec(config.encoder_layers, config.heads, **self._kind())
            decoder = self._decoder(config.decoder_layers)
            spec = specs.TransformerSpec(encoder, decoder)
            self._embed(encoder.embeddings[0], encoder, "source_embedding")
            self._embed(decoder.embeddings, decoder, "target_embedding")
            self._stack(encoder, "encoder", ("self_attention",))
        has_memory = isinstance(config, TransformerConfig)
        self._stack(decoder, "decoder", ("self_attention", "cross_attention") if has_memory else ("self_attention",))
        self._linear(decoder.projection, ["output.matrix"])
        if "output.bias" in self.weights:
            decoder.projection.bias = self.weights["output.bias"]
        spec.config.layer_norm_epsilon = config.eps
        return spec

    def _kind(self) -> dict[str, Any]:
        config = self.config
        activation = _ACTIVATIONS[GATED.get(config.activation, config.activation)]
        return {
            "pre_norm": config.norm_placement == "pre", "ffn_glu": config.activation in GATED,
            "activation": self.specs.common_spec.Activation[activation], "rms_norm": config.norm == "rms",
            "layernorm_embedding": config.embedding_norm, "qk_norm": config.query_key_norm,
            "relative_attention_bias": config.positions == "relative",
            "head_dim": config.block.head_width,
        }  # fmt: skip

    def _decoder(self, layers: int, **more: Any) -> Any:
        return self.specs.TransformerDecoderSpec(layers, self.config.heads, **self._kind(), **more)

    def _rotary(self, config: DecoderOnlyConfig) -> dict[str, Any]:
        block = config.block
        shared = {} if block.kv_heads == block.heads else {"num_heads_kv": block.kv_heads}
        if not config.positions.startswith("rotary"):
            return shared
        is_neighbour = config.positions == "rotary"
        scaled = {}
        if config.rotary_scaling == "linear":
            kind = self.specs.attention_spec.RotaryScalingType.Linear
            scaled = {"rotary_scaling_type": kind, "rotary_scaling_factor": config.rotary_factor}
        return shared | scaled | {
            "rotary_dim": block.head_width, "rotary_interleave": is_neighbour, "rotary_base": config.rotary_base,
        }  # fmt: skip

    def _embed(self, embeddings: Any, stack: Any, name: str) -> None:
        config = self.config
        embeddings.weight = self.weights[f"{name}.matrix.weight"]
        stack.scale_embeddings = config.scale_embeddings
        if config.positions == "learned":
            stack.position_encodings.encodings = self.weights[f"{name}.positions.table"]
        elif config.positions in ADDED:
            stack.position_encodings.encodings = tables.LAYOUTS[config.positions](config.max_length, config.width)
        if config.embedding_norm:
            self._norm(stack.layernorm_embedding, f"{name}.normalization")

    def _stack(self, stack: Any, name: str, attentions: Iterable[str]) -> None:
        if self.config.norm_placement == "pre":
            self._norm(stack.layer_norm, f"{name}.normalization")
        for number, layer in enumerate(stack.layer):
            place = f"{name}.layers.{number}"
            for attention in attentions:
                is_self = attention == "self_attention"
                self._attention(layer.self_attention if is_self else layer.attention, f"{place}.{attention}", is_self)
                if is_self and self.config.positions == "relative":
                    layer.self_attention.relative_attention_bias = self.weights[f"{name}.position_bias.table"]
                    distance = np.dtype("int32").type(self.config.relative_distance)
                    layer.self_attention.relative_attention_max_distance = distance
            self._norm(layer.ffn.layer_norm, f"{place}.feed_forward_residual.normalization")
            self._linear(layer.ffn.linear_0, [f"{place}.feed_forward.inner"])
            self._linear(layer.ffn.linear_1, [f"{place}.feed_forward.outer"])
            if self.config.activation in GATED:
                self._linear(layer.ffn.linear_0_noact, [f"{place}.feed_forward.gate"])

    def _attention(self, spec: Any, name: str, is_self: bool) -> None:
        parts = [f"{name}.{part}" for part in ("query", "key", "value")]
        for linear, some in zip(spec.linear, [parts] if is_self else [parts[:1], parts[1:]], strict=False):
            self._linear(linear, some)
        self._linear(spec.linear[-1], [f"{name}.output"])
        self._norm(spec.layer_norm, f"{name}_residual.normalization")
        if self.config.scale is not None:
            spec.queries_scale = self.config.scale
        if self.config.query_key_norm:
            self._norm(spec.q_norm, f"{name}.query_normalization")
            self._norm(spec.k_norm, f"{name}.key_normalization")

    def _linear(self, spec: Any, names: list[str]) -> None:
        """One or several linear layers, whose outputs lie side by side."""
        spec.weight = np.concatenate([self.weights[f"{name}.weight"] for name in names])
        if f"{names[0]}.bias" in self.weights:
            spec.bias = np.concatenate([self.weights[f"{name}.bias"] for name in names])

    def _norm(self, spec: Any, name: str) -> None:
        spec.gamma = self.weights[f"{name}.weight"]
        if self.config.norm == "layer":
            spec.beta = self.weights.get(f"{name}.bias", np.zeros_like(spec.gamma))


def _register(spec: Any, bundle: "Bundle") -> None:
    """The vocabularies, and which tokens are begin and end. Where nothing is unknown padding stands for it."""
    tokens, config, target = token_files(bundle), bundle.config, bundle.target_tokenizer
    source_names = _names(tokens.document, bundle.source_tokenizer.size)
    target_names = _names(tokens.target_document or tokens.document, target.size)
    told = spec.config
    told.bos_token, told.eos_token = target_names[target.begin], target_names[target.end]
    told.unk_token = target_names[target.padding if target.unknown is None else target.unknown]
    if isinstance(config, DecoderOnlyConfig):
        spec.register_vocabulary(target_names)
        return
    told.decoder_start_token = target_names[target.begin]
    spec.register_source_vocabulary(source_names if config.share_embeddings not in SHARED_SOURCE else target_names)
    spec.register_target_vocabulary(target_names)


def _names(document: str, rows: int) -> list[str]:
    """What each row of the table is called; one that stands for nothing by its number."""
    found = [f"⟨{number}⟩" for number in range(rows)]
    for token, number in ids_of(document).items():
        found[number] = token
    return found
