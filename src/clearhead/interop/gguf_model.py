"""A Llama-like model in a GGUF file, by the names and settings that its folder would have.

Source: llama.cpp, gguf-py/gguf/constants.py and convert_hf_to_gguf.py.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors

from clearhead.errors import InteropError
from clearhead.interop.equivalent import in_halves
from clearhead.interop.foreign import Numbers
from clearhead.interop.gguf_rotary import rope_scaling
from clearhead.interop.places import Tensors
from clearhead.text.built import sentence_piece
from clearhead.text.sentence_piece import UNKNOWN, Piece, SentencePieceModel

KINDS: Final = {"llama": "llama", "qwen2": "qwen2", "qwen3": "qwen3"}
SETTINGS: Final = {
    "block_count": "num_hidden_layers", "embedding_length": "hidden_size", "feed_forward_length": "intermediate_size",
    "attention.head_count": "num_attention_heads", "attention.head_count_kv": "num_key_value_heads",
    "attention.layer_norm_rms_epsilon": "rms_norm_eps", "context_length": "max_position_embeddings",
    "rope.freq_base": "rope_theta", "attention.key_length": "head_dim",
}  # fmt: skip
NAMES: Final = {
    "token_embd": "embed_tokens", "output_norm": "norm", "output": "lm_head", "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm", "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj", "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
}  # fmt: skip
_NAME: Final = re.compile(r"(?:blk\.(\d+)\.)?([a-z_]+)\.(weight|bias)")
# Llama's settings for biases, and a part that has one.
_BIASES: Final = {"attention_bias": "self_attn.q_proj", "mlp_bias": "mlp.down_proj"}
# What cuts a text into words before its bytes are merged, by tokenizer.ggml.pre.
_LLAMA3: Final = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|"
    r"\s*[\r\n]+|\s+(?!\S)|\s+"
)
CUTS: Final = {"llama-bpe": _LLAMA3, "qwen2": _LLAMA3.replace("{1,3}", "")}
CONTROL, USER_DEFINED = 3, 4


@dataclass(frozen=True)
class GgufModel:
    """As `interop.parts.Parts` has them."""

    values: Mapping[str, Any]
    shapes: Mapping[str, tuple[int, ...]]
    reads: Callable[[str], Numbers] = field(repr=False)
    document: str = field(repr=False)
    special: Mapping[str, str]
    template: str | None


def gguf_model(tensors: Tensors, place: str) -> GgufModel:
    """Raises InteropError for an architecture or a tokenizer that clearhead has not, by its name."""
    metadata = tensors.metadata
    kind = metadata.get("general.architecture")
    if kind not in KINDS:
        raise InteropError(f"{place} has general.architecture={kind!r:.60}; clearhead reads {', '.join(KINDS)}")
    tokens = metadata.get("tokenizer.ggml.tokens")
    if not isinstance(tokens, list) or not tokens:
        raise InteropError(f"{place} has no tokenizer.ggml.tokens; get a file that holds its tokenizer")
    values = {"model_type": KINDS[kind], "vocab_size": len(tokens), **_values(metadata, str(kind))}
    names = {_named(name): name for name in tensors.shapes}
    for key, part in _BIASES.items():
        values[key] = f"layers.0.{part}.bias" in names
    if scaling := rope_scaling(tensors, values, str(kind), place):
        values["rope_scaling"] = scaling
    heads = {"q_proj": values["num_attention_heads"], "k_proj": values.get("num_key_value_heads")}
    turned = {name: count for name, count in heads.items() if count} if kind == "llama" else {}

    def reads(name: str) -> Numbers:
        numbers = tensors.read(names[name])
        part = name.split(".")[-2]
        # llama.cpp stores the pairs that are turned together as neighbours.
        return in_halves(numbers, int(turned[part])) if part in turned else numbers

    shapes = {own: tensors.shapes[name] for own, name in names.items()}
    special = _special(metadata, tokens)
    template = metadata.get("tokenizer.chat_template")
    return GgufModel(values, shapes, reads, _document(metadata, tokens, special, place), special, template)


def _values(metadata: Mapping[str, Any], kind: str) -> dict[str, Any]:
    found = {theirs: metadata.get(f"{kind}.{ours}") for ours, theirs in SETTINGS.items()}
    return {name: _plain(value) for name, value in found.items() if value is not None}


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    # A float32 holds 1e-06 as 9.999999974752427e-07, which is not what anybody wrote.
    return float(str(np.float32(value))) if isinstance(value, float) else value


def _named(name: str) -> str:
    """What a folder calls a tensor; its own name where there is none, which is then refused as unknown."""
    match = _NAME.fullmatch(name)
    if match is None or match[2] not in NAMES:
        return name
    layer = f"layers.{match[1]}." if match[1] else ""
    return f"{layer}{NAMES[match[2]]}.{match[3]}"


def _special(metadata: Mapping[str, Any], tokens: Sequence[str]) -> dict[str, str]:
    names = {"bos": "bos_token", "eos": "eos_token", "padding": "pad_token", "unknown": "unk_token"}
    found = {key: metadata.get(f"tokenizer.ggml.{name}_token_id") for name, key in names.items()}
    return {key: tokens[int(one)] for key, one in found.items() if one is not None and 0 <= int(one) < len(tokens)}


def _document(metadata: Mapping[str, Any], tokens: list[str], special: Mapping[str, str], place: str) -> str:
    kind = metadata.get("tokenizer.ggml.model")
    types = [int(one) for one in metadata.get("tokenizer.ggml.token_type", [1] * len(tokens))]
    adds = metadata.get("tokenizer.ggml.add_bos_token", kind == "llama")
    begin = special.get("bos_token") if adds else None
    if kind == "llama":
        scores = metadata.get("tokenizer.ggml.scores", [0.0] * len(tokens))
        pieces = tuple(Piece(*one) for one in zip(tokens, map(float, scores), types, strict=True))
        unknown = next((number for number, piece in enumerate(pieces) if piece.kind == UNKNOWN), 0)
        adds_space = bool(metadata.get("tokenizer.ggml.add_space_prefix", True))
        return sentence_piece(SentencePieceModel("bpe", pieces, unknown, b"", adds_space, False), between=(begin, None))
    if kind != "gpt2":
        raise InteropError(
            f"{place} has tokenizer.ggml.model={kind!r}, which clearhead has not; expected gpt2 or llama"
        )
    return _of_bytes(metadata, tokens, types, begin, place)


def _of_bytes(
    metadata: Mapping[str, Any], tokens: list[str], types: Sequence[int], begin: str | None, place: str
) -> str:
    vocabulary = {token: number for number, token in enumerate(tokens)}
    merges = [tuple(one.split(" ", 1)) for one in metadata.get("tokenizer.ggml.merges", [])]
    known = vocabulary.keys()
    if any(len(one) != 2 or not {*one, one[0] + one[1]} <= known for one in merges):
        raise InteropError(f"{place} has tokenizer.ggml.merges that do not fit its tokens; get the file again")
    library = tokenizers.Tokenizer(models.BPE(vocabulary, merges))
    cut = metadata.get("tokenizer.ggml.pre", "default")
    if cut == "qwen2":
        library.normalizer = normalizers.NFC()
    library.pre_tokenizer = cutting(cut, place)
    library.decoder = decoders.ByteLevel()
    if begin is not None:
        library.post_processor = processors.TemplateProcessing(
            single=f"{begin} $A", special_tokens=[(begin, vocabulary[begin])]
        )
    for kind, is_special in ((CONTROL, True), (USER_DEFINED, False)):
        own = [token for token, one in zip(tokens, types, strict=True) if one == kind]
        library.add_tokens([tokenizers.AddedToken(one, normalized=False, special=is_special) for one in own])
    return json.dumps(json.loads(library.to_str()), ensure_ascii=False)


def cutting(name: str, place: str) -> Any:
    if name in ("default", "gpt-2"):
        return pre_tokenizers.ByteLevel(add_prefix_space=False)
    if name == "smollm":
        bytes_ = pre_tokenizers.ByteLevel(add_prefix_space=False)
        return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), bytes_])
    if name in CUTS:
        words = pre_tokenizers.Split(tokenizers.Regex(CUTS[name]), "isolated")
        return pre_tokenizers.Sequence([words, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    raise InteropError(
        f"{place} has tokenizer.ggml.pre={name!r}, which clearhead has not; expected gpt-2, smollm, {', '.join(CUTS)}"
    )
