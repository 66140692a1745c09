"""GGUF: against the package that llama.cpp's authors write such files with."""

import struct
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from clearhead.errors import InteropError
from clearhead.interop.gguf_file import read_gguf
from clearhead.interop.tensors import open_tensors

gguf = pytest.importorskip("gguf")

TOKENS = ["<s>", "한글", "", "a" * 300]


def written(path: Path, alignment: int = 32) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(1)
    tensors: dict[str, np.ndarray] = {
        "a.weight": draw.normal(size=(3, 64)).astype(np.float32),
        "b": draw.normal(size=5).astype(np.float16),
        "c": np.arange(12, dtype=np.int32).reshape(2, 2, 3),
    }
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_uint32("llama.block_count", 7)
    writer.add_float32("llama.epsilon", 0.5)
    writer.add_string("general.name", "이름")
    writer.add_bool("yes", True)
    writer.add_array("tokenizer.ggml.tokens", TOKENS)
    writer.add_array("tokenizer.ggml.token_type", [1, 2, 3])
    writer.add_int64("less", -(2**40))
    writer.add_custom_alignment(alignment)
    for name, one in tensors.items():
        writer.add_tensor(name, one)
    packed = gguf.quants.quantize(tensors["a.weight"], gguf.GGMLQuantizationType.Q8_0)
    writer.add_tensor("d", packed, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    tensors["d"] = gguf.quants.dequantize(packed, gguf.GGMLQuantizationType.Q8_0)
    return tensors


@pytest.mark.parametrize("alignment", [32, 64])
def test_everything_in_it_is_read(tmp_path: Path, alignment: int) -> None:
    expected = written(tmp_path / "a.gguf", alignment)
    found = open_tensors(tmp_path)
    assert found.shapes == {name: one.shape for name, one in expected.items()}
    assert list(found.kinds.values()) == ["F32", "F16", "I32", "Q8_0"]
    for name, one in expected.items():
        assert np.array_equal(found.read(name), one)
    said = {name: one.tolist() if isinstance(one, np.ndarray) else one for name, one in found.metadata.items()}
    assert said == {
        "general.architecture": "llama", "llama.block_count": 7, "llama.epsilon": 0.5, "general.name": "이름",
        "yes": True, "tokenizer.ggml.tokens": TOKENS, "tokenizer.ggml.token_type": [1, 2, 3], "less": -(2**40),
        "general.alignment": alignment,
    }  # fmt: skip


def test_one_of_several_files_is_to_be_named(tmp_path: Path) -> None:
    for name in ("a.gguf", "b.gguf"):
        written(tmp_path / name)
    with pytest.raises(InteropError, match="has 2 \\.gguf files, such as a\\.gguf; name the one"):
        open_tensors(tmp_path)
    assert "d" in open_tensors(tmp_path / "b.gguf").places


def text(content: str) -> bytes:
    return struct.pack("<Q", len(content.encode())) + content.encode()


def header(values: int = 0, tensors: int = 0, rest: bytes = b"", version: int = 3) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, tensors, values) + rest


def tensor(name: str = "a", shape: tuple[int, ...] = (2,), kind: int = 0, begin: int = 0) -> bytes:
    sizes = struct.pack(f"<{len(shape)}Q", *shape)
    return text(name) + struct.pack("<I", len(shape)) + sizes + struct.pack("<IQ", kind, begin)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"GGUF", "24 bytes at byte 0 of its header go beyond 4"),
        (header(version=1), "GGUF of version 1; 2 or 3"),
        (header(version=3 << 24), "in the usual order of bytes"),
        (header(values=2**63), "go beyond"),
        (header(tensors=2**63), "go beyond"),
        (header(1, rest=struct.pack("<Q", 2**62) + b"a"), "go beyond"),
        (header(1, rest=text("a") + struct.pack("<IIQ", 9, 8, 2**60)), "texts in its header go beyond"),
        (header(1, rest=text("a") + struct.pack("<IIQ", 9, 0, 2**60)), "go beyond"),
        (header(1, rest=text("a") + struct.pack("<IIQIQ", 9, 9, 1, 9, 1)), "type 9, .* or arrays in arrays"),
        (header(1, rest=text("a") + struct.pack("<I", 99)), "type 99"),
        (header(2, rest=2 * (text("a") + struct.pack("<IB", 0, 1))), "'a' stands in its header twice"),
        (header(1, rest=struct.pack("<Q", 1) + b"\xff"), "is not UTF-8"),
        (header(1, rest=text("general.alignment") + struct.pack("<II", 4, 0)), "general.alignment is 0"),
        (header(1, rest=text("split.count") + struct.pack("<IH", 2, 3)), "one of 3 parts; merge them"),
        (header(0, 1, tensor(kind=16) + bytes(99)), "ggml's type 16; clearhead reads F32, F16"),
        (header(0, 1, tensor(shape=(1,) * 5) + bytes(99)), "has 5 axes"),
        (header(0, 1, tensor(shape=(2**40, 2**40)) + bytes(99)), r"\(1099511627776, 1099511627776\) lies over another"),
        (header(0, 1, tensor(begin=2**63) + bytes(99)), "beyond the file"),
        (header(0, 1, tensor(shape=(31,), kind=8) + bytes(99)), "rows of 31 numbers, of which Q8_0 needs whole blocks"),
        (header(0, 2, tensor() + tensor("b", begin=4) + bytes(99)), "'b' of shape .* lies over another"),
        (header(0, 2, tensor() + tensor(begin=32) + bytes(99)), "or is twice"),
    ],
)
def test_hostile_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.gguf").write_bytes(content)
    with pytest.raises(ValueError, match=message) as refused:
        read_gguf(tmp_path / "a.gguf")
    assert "\n" not in str(refused.value)


def test_what_is_cut_off_is_refused(tmp_path: Path) -> None:
    written(tmp_path / "a.gguf")
    content = (tmp_path / "a.gguf").read_bytes()
    found = read_gguf(tmp_path / "a.gguf")
    needed = found.places["d"].begin + 3 * 2 * 34
    for length in [*range(0, needed, 13), needed - 1]:
        (tmp_path / "a.gguf").write_bytes(content[:length])
        with pytest.raises(InteropError):
            open_tensors(tmp_path)


def test_damage_anywhere_is_refused_or_read(tmp_path: Path) -> None:
    written(tmp_path / "a.gguf")
    content, draw = (tmp_path / "a.gguf").read_bytes(), Random(2)
    for _ in range(400):
        damaged: Any = bytearray(content)
        damaged[draw.randrange(600)] = draw.choice((0, 1, 127, 255, draw.randrange(256)))
        (tmp_path / "a.gguf").write_bytes(damaged)
        try:
            found = open_tensors(tmp_path)
        except InteropError:
            continue
        assert sum(found.read(name).size for name in found.shapes) <= 8 * len(content)
