"""Where a foreign file holds a tensor's numbers, and reading them: one tensor at a time, by name."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearhead.errors import InteropError
from clearhead.interop import quantized
from clearhead.runtimes.stored import KINDS as FLOATS
from clearhead.runtimes.stored import as_float32

Numbers = NDArray[Any]


class Kind(NamedTuple):
    """How a file holds numbers: `numbers` of them in `size` bytes. decode: bytes, one row a block, to numbers."""

    numbers: int
    size: int
    decode: Callable[[NDArray[np.uint8]], Numbers]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One tensor of a file. begin: where its first byte is. strides: of its axes, in numbers; None if it lies in rows.

    Whoever makes it has held it against the file's size.
    """

    path: Path
    kind: str
    shape: tuple[int, ...]
    begin: int
    strides: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Tensors:
    """The tensors of a file or a folder, of which none has been read yet, and what else is said there (GGUF)."""

    places: Mapping[str, Place]
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of each tensor by name, in the order of the file."""
        return {name: place.shape for name, place in self.places.items()}

    @property
    def kinds(self) -> dict[str, str]:
        """How the file holds each: a key of `KINDS`, such as F16 or Q4_1."""
        return {name: place.kind for name, place in self.places.items()}

    def read(self, name: str) -> Numbers:
        """One tensor in memory of its own: float32, or the whole numbers and truth values that it holds."""
        return read_place(self.places[name])


def read_place(place: Place) -> Numbers:
    """The numbers at a place. Raises InteropError where the file cannot be read, or has become shorter."""
    kind, span = KINDS[place.kind], _span(place)
    blocks = -(-span // kind.numbers)
    try:
        held = np.fromfile(place.path, np.uint8, blocks * kind.size, offset=place.begin)
    except OSError as error:
        raise InteropError(f"{place.path} cannot be read ({error.strerror}); import it again") from None
    if held.size != blocks * kind.size:
        raise InteropError(f"{place.path} was changed while it was read; import it again")
    numbers = kind.decode(held.reshape(blocks, kind.size)).reshape(-1)[:span]
    if place.strides is None:
        return numbers.reshape(place.shape)
    steps = tuple(stride * numbers.itemsize for stride in place.strides)
    return np.lib.stride_tricks.as_strided(numbers, place.shape, steps, writeable=False).copy()


def _span(place: Place) -> int:
    """How many numbers lie from the tensor's first to its last, both counted."""
    count = math.prod(place.shape)
    if place.strides is None or not count:
        return count
    return 1 + sum((size - 1) * stride for size, stride in zip(place.shape, place.strides, strict=True))


def _plain(name: str) -> Kind:
    dtype = np.dtype(FLOATS[name])
    return Kind(1, dtype.itemsize, lambda held: as_float32(held.view(dtype), name))


def _whole(code: str) -> Kind:
    dtype = np.dtype(code)
    return Kind(1, dtype.itemsize, lambda held: held.view(dtype))


_WHOLE = {"I64": "<i8", "U64": "<u8", "I32": "<i4", "U32": "<u4", "I16": "<i2", "U16": "<u2", "I8": "i1", "U8": "u1"}
KINDS: Mapping[str, Kind] = {
    **{name: _plain(name) for name in FLOATS},
    **{name: _whole(code) for name, code in _WHOLE.items()},
    **{name: Kind(*quantized.block_sizes(name), quantized.decoder(name)) for name in quantized.KINDS},
    "BOOL": Kind(1, 1, lambda held: held != 0),
}
