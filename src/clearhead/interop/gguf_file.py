"""GGUF, the files of llama.cpp: settings and tokens by name, then tensors. Nothing but the header is read here.

Source: ggml's `docs/gguf.md`, versions 2 and 3.
"""

import math
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

from clearhead.interop.places import KINDS, Place, Tensors

# Names and tokens of a vocabulary of a million take less.
_MOST_HEADER = 64 << 20
_MOST_AXES = 4
TYPES: Final = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 8: "Q8_0", 12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 24: "I8", 25: "I16",
    26: "I32", 27: "I64", 28: "F64", 30: "BF16",
}  # fmt: skip
# Of values, by the numbers of their types: how NumPy calls them. A text is 8 and an array 9.
_VALUES: Final = {
    0: "u1", 1: "i1", 2: "<u2", 3: "<i2", 4: "<u4", 5: "<i4", 6: "<f4", 7: "?", 10: "<u8", 11: "<i8", 12: "<f8",
}  # fmt: skip
_TEXT, _ARRAY = 8, 9


def read_gguf(path: Path) -> Tensors:
    """The tensors and the metadata: numbers, texts, lists of texts, and arrays of numbers.

    A shape is as PyTorch has it, the rows first. Raises ValueError in one line where the file is damaged or hostile, or
    has numbers of a kind that clearhead does not read.
    """
    with path.open("rb") as file:
        end = os.fstat(file.fileno()).st_size
        reader = _Reader(file, end)
        magic, version, tensors, values = struct.unpack("<4sIQQ", reader.take(24))
        if magic != b"GGUF" or version not in (2, 3):
            raise ValueError(f"it is GGUF of version {version}; 2 or 3 was expected, in the usual order of bytes")
        metadata = _metadata(reader, values)
        infos = _infos(reader, tensors)
        begin = aligned(reader.reached, _alignment(metadata))
    return Tensors(_places(path, infos, begin, end), metadata)


class _Reader:
    """A file that is read from its beginning, no further than its end."""

    def __init__(self, file: BinaryIO, end: int) -> None:
        self.file, self.end, self.reached = file, min(end, _MOST_HEADER), 0

    def take(self, count: int) -> bytes:
        if count > self.end - self.reached:
            raise ValueError(f"{count:,} bytes at byte {self.reached:,} of its header go beyond {self.end:,}")
        self.reached += count
        return self.file.read(count)

    def whole(self, code: str) -> int:
        return int(struct.unpack(f"<{code}", self.take(struct.calcsize(code)))[0])

    def text(self) -> str:
        found = self.take(self.whole("Q"))
        try:
            return found.decode()
        except UnicodeDecodeError:
            raise ValueError(f"the text {found[:40]!r} in its header is not UTF-8") from None

    def value(self, kind: int, is_inside: bool = False) -> Any:
        if kind == _TEXT:
            return self.text()
        if kind == _ARRAY and not is_inside:
            inner, count = self.whole("I"), self.whole("Q")
            return self._array(inner, count)
        return self._array(kind, 1)[0].item()

    def _array(self, kind: int, count: int) -> Any:
        if kind == _TEXT:
            if 8 * count > self.end - self.reached:
                raise ValueError(f"{count:,} texts in its header go beyond {self.end:,} bytes")
            return [self.text() for _ in range(count)]
        if kind not in _VALUES:
            raise ValueError(f"a value in its header has type {kind}, which GGUF has not, or arrays in arrays")
        dtype = np.dtype(_VALUES[kind])
        held = np.frombuffer(self.take(count * dtype.itemsize), "u1" if kind == 7 else dtype)
        return held != 0 if kind == 7 else held


def _metadata(reader: _Reader, count: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(count):
        name = reader.text()
        if name in found:
            raise ValueError(f"{name[:80]!r} stands in its header twice")
        found[name] = reader.value(reader.whole("I"))
    if isinstance(parts := found.get("split.count"), int) and parts > 1:
        raise ValueError(f"it is one of {parts} parts; merge them with llama-gguf-split --merge FIRST-PART WHOLE")
    return found


def _infos(reader: _Reader, count: int) -> list[tuple[str, str, tuple[int, ...], int]]:
    """Of each tensor its name, kind, shape, and where it begins among the numbers."""
    found = []
    for _ in range(count):
        name, axes = reader.text(), reader.whole("I")
        if axes > _MOST_AXES:
            raise ValueError(f"{name[:80]!r} has {axes} axes; at most {_MOST_AXES} were expected")
        shape = tuple(reader.whole("Q") for _ in range(axes))[::-1]
        kind, begin = reader.whole("I"), reader.whole("Q")
        if kind not in TYPES:
            known = ", ".join(TYPES.values())
            raise ValueError(
                f"{name[:80]!r} has numbers of ggml's type {kind}; clearhead reads {known}; convert the file with "
                "llama-quantize --allow-requantize FILE NEW Q8_0"
            )
        found.append((name, TYPES[kind], shape, begin))
    return found


def _alignment(metadata: Mapping[str, Any]) -> int:
    found = metadata.get("general.alignment", 32)
    if not isinstance(found, int) or found % 8 or not 8 <= found <= 1 << 20:
        raise ValueError(f"general.alignment is {str(found)[:40]}; a multiple of 8 was expected")
    return found


def aligned(place: int, alignment: int) -> int:
    return -(-place // alignment) * alignment


def _places(path: Path, infos: list[tuple[str, str, tuple[int, ...], int]], begin: int, end: int) -> dict[str, Place]:
    places: dict[str, Place] = {}
    reached = 0
    for name, kind, shape, offset in sorted(infos, key=lambda info: info[3]):
        held = KINDS[kind]
        if shape and shape[-1] % held.numbers:
            raise ValueError(f"{name[:80]!r} has rows of {shape[-1]} numbers, of which {kind} needs whole blocks")
        size = -(-math.prod(shape) // held.numbers) * held.size
        if offset < reached or begin + offset + size > end or name in places:
            raise ValueError(f"{name[:80]!r} of shape {shape} lies over another tensor or beyond the file, or is twice")
        reached = offset + size
        places[name] = Place(path=path, kind=kind, shape=shape, begin=begin + offset)
    return {name: places[name] for name, *_ in infos}
