"""Weights in several files, and the index that says which tensor is in which: model.safetensors.index.json."""

import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from clearhead.errors import InteropError
from clearhead.interop.places import Place, Tensors
from clearhead.tensor_file import MOST_HEADER, strict_json


def read_sharded(index: Path, open_file: Callable[[Path], Tensors]) -> Tensors:
    """The tensors of all files that an index names, each file opened by `open_file`.

    Raises ValueError where the index is damaged or contradicts the files, InteropError where a file is missing.
    """
    places: dict[str, Place] = {}
    wanted = _weight_map(index)
    for name in sorted(set(wanted.values())):
        shard = index.parent / name
        if not shard.is_file():
            raise InteropError(f"{index} names {name!r}, but {shard} is not there; get the missing file")
        found = open_file(shard).places
        if twice := sorted(places.keys() & found.keys()):
            raise ValueError(f"{twice[0][:80]!r} is in {places[twice[0]].path.name} and in {name}")
        places.update(found)
    for tensor, name in wanted.items():
        if tensor not in places or places[tensor].path.name != name:
            raise ValueError(f"{tensor[:80]!r} is to be in {name}, and is not")
    return Tensors(places)


def read_document(path: Path) -> Mapping[str, object]:
    """A JSON document with names. Raises ValueError in one line where the file is none."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode) or status.st_size > MOST_HEADER:
        raise ValueError(
            f"{status.st_size:,} bytes are no JSON document of a model; at most {MOST_HEADER:,} were expected"
        )
    document = strict_json(path.read_bytes())
    if not isinstance(document, dict):
        raise ValueError("it is no JSON document with names")
    return document


def _weight_map(index: Path) -> dict[str, str]:
    found = read_document(index).get("weight_map")
    if not isinstance(found, dict) or not found or not all(isinstance(name, str) for name in found.values()):
        raise ValueError("its weight_map does not say which file each tensor is in")
    for name in found.values():
        # Only files beside the index: no folder above it, no device of Windows, nothing that ends a name early.
        if (
            Path(name).name != name
            or name == ".."
            or "\\" in name
            or ":" in name
            or not name.isprintable()
            or name == index.name
        ):
            raise ValueError(f"it names the file {name[:80]!r}, which is not one beside it")
    return found
