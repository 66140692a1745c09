"""The block formats of GGUF: some numbers share a scale, and some a least value too, and each is a few bits.

Source: llama.cpp's `ggml-common.h` (the structures) and `ggml-quants.c` (`dequantize_row_…`); the package `gguf`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Blocks = NDArray[Any]
# Read so many at once, so that what is unpacked on the way stays small.
_TOGETHER = 1 << 14


def _halves(packed: NDArray[np.uint8], group: int) -> NDArray[np.uint8]:
    """Two numbers of 4 bits a byte: of each `group` of bytes the low halves come first."""
    grouped = packed.reshape(len(packed), -1, 1, group)
    return np.concatenate([grouped & 15, grouped >> 4], axis=2).reshape(len(packed), -1)


def _q8_0(blocks: Blocks) -> Floats:
    return blocks["scale"].astype(np.float32)[:, None] * blocks["numbers"]


def _q4_0(blocks: Blocks) -> Floats:
    return blocks["scale"].astype(np.float32)[:, None] * (_halves(blocks["numbers"], 16) - np.float32(8))


def _q4_1(blocks: Blocks) -> Floats:
    scaled = blocks["scale"].astype(np.float32)[:, None] * _halves(blocks["numbers"], 16)
    return scaled + blocks["least"].astype(np.float32)[:, None]


def _q4_k(blocks: Blocks) -> Floats:
    return _in_eights(blocks, _halves(blocks["numbers"], 32))


def _q5_k(blocks: Blocks) -> Floats:
    fifth = (blocks["fifth"][:, None, :] >> np.arange(8, dtype=np.uint8)[:, None] & 1).reshape(len(blocks), -1)
    return _in_eights(blocks, _halves(blocks["numbers"], 32) + 16 * fifth)


def _in_eights(blocks: Blocks, numbers: NDArray[np.uint8]) -> Floats:
    """Eight groups of 32 numbers: each has a scale and a least value of 6 bits, themselves scaled for the block."""
    one, two, rest = np.split(blocks["scales"], 3, axis=1)
    scale = np.concatenate([one & 63, rest & 15 | one >> 6 << 4], axis=1)
    least = np.concatenate([two & 63, rest >> 4 | two >> 6 << 4], axis=1)
    scaled = (blocks["scale"].astype(np.float32)[:, None] * scale)[:, :, None] * numbers.reshape(len(blocks), 8, 32)
    return (scaled - (blocks["least"].astype(np.float32)[:, None] * least)[:, :, None]).reshape(len(blocks), 256)


def _q6_k(blocks: Blocks) -> Floats:
    """Sixteen groups of 16 numbers of 6 bits: four of each, and two in another place."""
    shifts = np.arange(0, 8, 2, dtype=np.uint8)[:, None]
    upper = (blocks["upper"].reshape(-1, 2, 1, 32) >> shifts & 3).reshape(len(blocks), 256)
    numbers = (_halves(blocks["lower"], 64) | upper << 4) - np.float32(32)
    scale = blocks["scale"].astype(np.float32)[:, None] * blocks["scales"]
    return (scale[:, :, None] * numbers.reshape(len(blocks), 16, 16)).reshape(len(blocks), 256)


_HALF, _BYTE = "<f2", "u1"
# How each lies in a block, and how its numbers are made of it.
_FORMATS: Mapping[str, tuple[list[Any], Callable[[Blocks], Floats]]] = {
    "Q8_0": ([("scale", _HALF), ("numbers", "i1", 32)], _q8_0),
    "Q4_0": ([("scale", _HALF), ("numbers", _BYTE, 16)], _q4_0),
    "Q4_1": ([("scale", _HALF), ("least", _HALF), ("numbers", _BYTE, 16)], _q4_1),
    "Q4_K": ([("scale", _HALF), ("least", _HALF), ("scales", _BYTE, 12), ("numbers", _BYTE, 128)], _q4_k),
    "Q5_K": (
        [("scale", _HALF), ("least", _HALF), ("scales", _BYTE, 12), ("fifth", _BYTE, 32), ("numbers", _BYTE, 128)],
        _q5_k,
    ),
    "Q6_K": ([("lower", _BYTE, 128), ("upper", _BYTE, 64), ("scales", "i1", 16), ("scale", _HALF)], _q6_k),
}


def block_sizes(kind: str) -> tuple[int, int]:
    """How many numbers a block has, and how many bytes. Raises KeyError where the kind is none of these."""
    return 256 if kind.endswith("_K") else 32, np.dtype(_FORMATS[kind][0]).itemsize


def decoder(kind: str) -> Callable[[NDArray[np.uint8]], Floats]:
    """What makes float32 numbers of a kind's blocks, which are rows of bytes."""
    fields, decode = _FORMATS[kind]
    numbers, _ = block_sizes(kind)

    def decoded(held: NDArray[np.uint8]) -> Floats:
        blocks = held.reshape(-1).view(np.dtype(fields))
        found = np.empty((len(blocks), numbers), np.float32)
        # A scale may be infinite where the file is damaged; what comes of it is refused where it is used.
        with np.errstate(invalid="ignore", over="ignore"):
            for begin in range(0, len(blocks), _TOGETHER):
                found[begin : begin + _TOGETHER] = decode(blocks[begin : begin + _TOGETHER])
        return found

    return decoded


KINDS = tuple(_FORMATS)


def as_q8_0(numbers: Floats) -> bytes:
    """Blocks of 32 numbers of a row in 8 bits each, rounded as llama.cpp does: halves away from 0."""
    rows = numbers.reshape(-1, 32)
    scale = np.abs(rows).max(axis=1, keepdims=True) / np.float32(127)
    with np.errstate(divide="ignore"):
        inverse = np.where(scale == 0, np.float32(0), 1 / scale)
    scaled = rows * inverse
    size = np.abs(scaled)
    whole = np.floor(size)
    blocks = np.empty(len(rows), np.dtype(_FORMATS["Q8_0"][0]))
    blocks["scale"] = scale[:, 0]
    blocks["numbers"] = np.sign(scaled) * (whole + np.floor(2 * (size - whole)))
    return blocks.tobytes()
