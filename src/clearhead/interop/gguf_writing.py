"""A GGUF file of a causal model of ours, as llama.cpp reads it: the tables of `gguf_model` read backwards.

Source: ggml's `docs/gguf.md`, version 3; llama.cpp's gguf-py/gguf/constants.py and tensor_mapping.py.
"""

import json
import re
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np

from clearhead.errors import InteropError
from clearhead.interop.counterparts import Counterpart, counterpart
from clearhead.interop.equivalent import Weighted, as_neighbours
from clearhead.interop.folder import tensors_of
from clearhead.interop.foreign import Numbers
from clearhead.interop.gguf_file import TYPES, aligned
from clearhead.interop.gguf_model import CONTROL, CUTS, KINDS, NAMES, SETTINGS, USER_DEFINED, cutting
from clearhead.interop.gguf_rotary import TABLE, table_of
from clearhead.interop.quantized import as_q8_0
from clearhead.interop.token_files import TokenFiles, token_files
from clearhead.interop.tokens import ids_of
from clearhead.model.config import DecoderOnlyConfig

if TYPE_CHECKING:
    from clearhead.bundle import Bundle

# How matrices may be stored, with the number of a file of that kind; vectors are always F32.
NUMBERS: Final = {"F32": 0, "F16": 1, "Q8_0": 7}
_ALIGNMENT: Final = 32
# The kind of numbers, the shape, and the bytes.
Stored = tuple[str, tuple[int, ...], bytes]
_UNUSED: Final = 5
_GPT2_SETTINGS: Final = {
    "block_count": "n_layer", "embedding_length": "n_embd", "feed_forward_length": "n_inner",
    "attention.head_count": "n_head", "attention.layer_norm_epsilon": "layer_norm_epsilon",
    "context_length": "n_positions",
}  # fmt: skip
_GPT2_NAMES: Final = {
    "token_embd": "wte", "position_embd": "wpe", "output_norm": "ln_f", "output": "lm_head", "attn_norm": "ln_1",
    "attn_qkv": "attn.c_attn", "attn_output": "attn.c_proj", "ffn_norm": "ln_2", "ffn_up": "mlp.c_fc",
    "ffn_down": "mlp.c_proj",
}  # fmt: skip
_NAME: Final = re.compile(r"(?:transformer\.|model\.)?(?:(?:layers|h)\.(\d+)\.)?(.+)\.(weight|bias)")


def write_gguf(bundle: "Bundle", model: Weighted, folder: Path, numbers: str) -> tuple[str, tuple[str, ...]]:
    """Write model.gguf; the architecture, and what was changed for it.

    numbers: a key of `NUMBERS`. Raises InteropError for a model or a tokenizer that llama.cpp has not.
    """
    if not isinstance(model.config, DecoderOnlyConfig):
        raise InteropError("a model that is not causal is not exported --to gguf; use --to huggingface")
    found = counterpart(model)
    tensors = {name: _stored(one, numbers) for name, one in _tensors(found).items()}
    metadata = {**_metadata(found, bundle, numbers), **_vocabulary(bundle)}
    with (folder / "model.gguf").open("wb") as file:
        _write(file, metadata, tensors)
    return f"GGUF {found.kind}", found.notes


def _tensors(found: Counterpart) -> dict[str, Numbers]:
    is_gpt2 = found.kind == "gpt2"
    names = {theirs: own for own, theirs in (_GPT2_NAMES if is_gpt2 else NAMES).items()}
    block, made = found.model.config.block, {}
    heads = {"attn_q": block.heads, "attn_k": block.kv_heads} if found.kind == "llama" else {}
    for name, one in tensors_of(found).items():
        match = _NAME.fullmatch(name)
        assert match is not None, name
        part = names[match[2]]
        if part in heads:  # Of pairs that are turned together llama.cpp has neighbours.
            one = as_neighbours(one, heads[part])
        if is_gpt2 and ".c_" in match[2]:
            one = one.T
        made[f"{f'blk.{match[1]}.' if match[1] else ''}{part}.{match[3]}"] = np.ascontiguousarray(one)
    if block.rotary_scaling == "llama3" and not is_gpt2:
        if found.kind != "llama":
            raise InteropError(f"rotary_scaling=llama3 has no counterpart in a GGUF {found.kind}; use --to huggingface")
        made[TABLE] = table_of(block)
    return made


def _stored(numbers: Numbers, kind: str) -> Stored:
    """How a tensor is stored: a vector as it is, and a row that is no whole number of blocks as F16."""
    if numbers.ndim < 2 or kind == "F32":
        return "F32", numbers.shape, numbers.astype("<f4").tobytes()
    if kind == "Q8_0" and numbers.shape[-1] % 32 == 0:
        return kind, numbers.shape, as_q8_0(numbers)
    if np.abs(numbers).max(initial=0) > np.finfo(np.float16).max:
        raise InteropError(f"a weight of {np.abs(numbers).max():g} is too large for {kind}; export with F32")
    return "F16", numbers.shape, numbers.astype("<f2").tobytes()


def _metadata(found: Counterpart, bundle: "Bundle", numbers: str) -> dict[str, Any]:
    kind, values = found.kind, found.values
    assert kind == "gpt2" or kind in KINDS
    table = _GPT2_SETTINGS if kind == "gpt2" else SETTINGS
    told: dict[str, Any] = {
        "general.architecture": kind, "general.name": bundle.settings.name, "general.file_type": NUMBERS[numbers],
        **{f"{kind}.{ours}": values[theirs] for ours, theirs in table.items()},
    }  # fmt: skip
    if kind != "gpt2":
        block = found.model.config.block
        told |= {f"{kind}.{name}": block.head_width for name in ("attention.value_length", "rope.dimension_count")}
        if block.rotary_scaling == "linear":
            told |= {f"{kind}.rope.scaling.type": "linear", f"{kind}.rope.scaling.factor": float(block.rotary_factor)}
    return told


def _vocabulary(bundle: "Bundle") -> dict[str, Any]:
    tokens, tokenizer = token_files(bundle), bundle.target_tokenizer
    values = json.loads(tokens.document)
    names, types = _names(tokens, tokenizer.size)
    merges = [one if isinstance(one, str) else " ".join(one) for one in values["model"].get("merges", [])]
    found = {
        "model": "gpt2", "pre": _cut_of(values), "tokens": names, "token_type": np.array(types, "<i4"),
        "merges": merges, "bos_token_id": tokenizer.begin, "eos_token_id": tokenizer.end,
        "padding_token_id": tokenizer.padding,
        "add_bos_token": values["post_processor"] is not None and bundle.settings.documents != "file",
    }  # fmt: skip
    told = {f"tokenizer.ggml.{name}": one for name, one in found.items()}
    return told if tokens.template is None else {**told, "tokenizer.chat_template": tokens.template}


def _cut_of(values: Mapping[str, Any]) -> str:
    """What llama.cpp calls the way in which a text is cut into words before its bytes are merged."""
    if values["model"].get("type") == "BPE":
        for name in ("gpt-2", "smollm", *CUTS):
            made = json.loads(cutting(name, "").__getstate__())
            if _plain(made) == _plain(values["pre_tokenizer"]):
                return name
    raise InteropError(
        f"a tokenizer of kind {values['model'].get('type')} that cuts texts as this one does has no counterpart in "
        "GGUF; expected byte pairs as GPT-2, SmolLM, Llama 3 or Qwen2 have them; export --to huggingface"
    )


def _plain(value: Any) -> Any:
    """Without what changes no token: where its characters are said to stand."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items() if name != "trim_offsets"}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _names(tokens: TokenFiles, rows: int) -> tuple[list[str], list[int]]:
    """What each row is called, and of which type it is."""
    names, types = [f"[PAD{number}]" for number in range(rows)], [_UNUSED] * rows
    for token, number in ids_of(tokens.document).items():
        names[number], types[number] = token, 1
    for one in json.loads(tokens.document)["added_tokens"]:
        types[one["id"]] = CONTROL if one["special"] else USER_DEFINED
    return names, types


def _write(file: BinaryIO, metadata: Mapping[str, Any], tensors: Mapping[str, Stored]) -> None:
    numbers = {name: number for number, name in TYPES.items()}
    file.write(struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(metadata)))
    for name, value in metadata.items():
        file.write(_text(name) + b"".join(_value(value)))
    begin = 0
    for name, (kind, shape, held) in tensors.items():
        axes = struct.pack(f"<I{len(shape)}Q", len(shape), *shape[::-1])
        file.write(_text(name) + axes + struct.pack("<IQ", numbers[kind], begin))
        begin += aligned(len(held), _ALIGNMENT)
    for held in (b"", *(one for _, _, one in tensors.values())):
        file.write(held)
        file.write(bytes(aligned(file.tell(), _ALIGNMENT) - file.tell()))


def _value(value: Any) -> Iterator[bytes]:
    """A value with the number of its type: true or false, a whole number, a number, a text, or a list."""
    if isinstance(value, bool):
        yield struct.pack("<I?", 7, value)
    elif isinstance(value, int):
        yield struct.pack("<II", 4, value)
    elif isinstance(value, float):
        yield struct.pack("<If", 6, value)
    elif isinstance(value, str):
        yield struct.pack("<I", 8) + _text(value)
    elif isinstance(value, list):
        yield struct.pack("<IIQ", 9, 8, len(value))
        yield from map(_text, value)
    else:
        yield struct.pack("<IIQ", 9, 5, len(value)) + value.tobytes()


def _text(text: str) -> bytes:
    held = text.encode()
    return struct.pack("<Q", len(held)) + held
