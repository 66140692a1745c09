"""Files that `torch.save` wrote of a state dict, in its zip layout (since PyTorch 1.6) and the one before.

Only where each storage lies is found out here; its numbers are read at their place. Source: PyTorch's
`torch/serialization.py`, `_save` and `_legacy_save`.
"""

import io
import math
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from clearhead.interop.pickled import Storage, Tensor, read_pickle
from clearhead.interop.places import KINDS, Place, Tensors
from clearhead.interop.zip_file import Inside, read_entries
from clearhead.tensor_file import MOST_HEADER

_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001


def read_torch(path: Path) -> Tensors:
    """The tensors of a state dict. Raises ValueError in one line where the file is none, is damaged or hostile."""
    with path.open("rb") as file:
        is_zip = file.read(4) == b"PK\x03\x04"
        file.seek(0)
        state, begins = _read_zip(file) if is_zip else _read_legacy(file)
    return Tensors({name: _place(path, name, tensor, begins) for name, tensor in state.items()})


def _state_dict(found: Any) -> Mapping[str, Tensor]:
    if not isinstance(found, dict) or not found:
        raise ValueError("it holds no state dict, but something else")
    for name, one in found.items():
        if not isinstance(name, str) or not isinstance(one, Tensor):
            raise ValueError(f"{str(name)[:80]!r} in it is no tensor, so it is no state dict; save model.state_dict()")
    return found


def _storages(state: Mapping[str, Tensor]) -> dict[str, Storage]:
    """What its tensors are made of, by key."""
    found: dict[str, Storage] = {}
    for one in state.values():
        if found.setdefault(one.storage.key, one.storage) != one.storage:
            raise ValueError(f"storage {one.storage.key[:20]!r} is described in two ways")
    return found


def _place(path: Path, name: str, tensor: Tensor, begins: Mapping[Storage, int]) -> Place:
    kind, _, numbers = tensor.storage
    if tensor.storage not in begins:
        raise ValueError(f"the numbers of {name[:80]!r} are not in it")
    count = math.prod(tensor.shape)
    last = tensor.begin + sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.strides, strict=True))
    if count and (last >= numbers or count > numbers):
        raise ValueError(
            f"{name[:80]!r} of shape {tensor.shape} goes beyond the {numbers:,} numbers that it is made of"
        )
    begin = begins[tensor.storage] + (tensor.begin * KINDS[kind].size if count else 0)
    strides = None if _in_rows(tensor) else tensor.strides
    return Place(path=path, kind=kind, shape=tensor.shape, begin=begin, strides=strides)


def _in_rows(tensor: Tensor) -> bool:
    expected = 1
    for size, stride in zip(reversed(tensor.shape), reversed(tensor.strides), strict=True):
        if size != 1 and stride != expected:
            return math.prod(tensor.shape) == 0
        expected *= size
    return True


def _read_zip(file: BinaryIO) -> tuple[Mapping[str, Tensor], dict[Storage, int]]:
    entries = read_entries(file)
    pickles = [name for name in entries if name.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise ValueError(f"it is a zip file with {len(pickles)} data.pkl in it, where torch.save writes one")
    root = pickles[0].removesuffix("data.pkl")
    if (order := entries.get(f"{root}byteorder")) and _content(file, order) != b"little":
        raise ValueError("its numbers are in big-endian order; save it again on a usual processor")
    state = _state_dict(read_pickle(io.BytesIO(_content(file, entries[pickles[0]]))))
    begins = {}
    for storage in _storages(state).values():
        begin, size = entries.get(f"{root}data/{storage.key}", Inside(0, -1))
        if size != storage.numbers * KINDS[storage.kind].size:
            raise ValueError(f"storage {storage.key[:20]!r} has {storage.numbers:,} numbers, which are not in it")
        begins[storage] = begin
    return state, begins


def _content(file: BinaryIO, place: Inside) -> bytes:
    if place.size > MOST_HEADER:
        raise ValueError(f"its description takes {place.size:,} bytes; at most {MOST_HEADER:,} were expected")
    file.seek(place.begin)
    return file.read(place.size)


def _read_legacy(file: BinaryIO) -> tuple[Mapping[str, Tensor], dict[Storage, int]]:
    if read_pickle(file) != _MAGIC or read_pickle(file) != _PROTOCOL:
        raise ValueError("it is no file of torch.save")
    machine = read_pickle(file)
    if not isinstance(machine, dict) or machine.get("little_endian") is not True:
        raise ValueError("its numbers are in big-endian order; save it again on a usual processor")
    state, keys = _state_dict(read_pickle(file)), read_pickle(file)
    storages = _storages(state)
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys) or len(set(keys)) != len(keys):
        raise ValueError("its list of storages is damaged")
    begins, reached, end = {}, file.tell(), os.fstat(file.fileno()).st_size
    for key in keys:
        if key not in storages:
            raise ValueError(f"no tensor of it is made of its storage {key[:20]!r}, whose size is not known so")
        storage = storages[key]
        file.seek(reached)
        size = storage.numbers * KINDS[storage.kind].size
        if file.read(8) != struct.pack("<q", storage.numbers) or reached + 8 + size > end:
            raise ValueError(f"storage {key[:20]!r} has {storage.numbers:,} numbers, which are not in it")
        begins[storage] = reached + 8
        reached += 8 + size
    return state, begins
