"""Files of tensors (safetensors): what a file says that it holds, read and checked before anything of it is built.

The format: 8 bytes with the length of a header, the header (a JSON document: of each tensor its type, shape and place;
and texts under `__metadata__`), then the numbers. The library reads the numbers; it allows headers of 100 MB.
"""

import contextlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import SafetensorError

BYTES = {
    "F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2, "I8": 1,
    "U8": 1, "BOOL": 1,
}  # fmt: skip
MOST_HEADER = 16 << 20
_METADATA = "__metadata__"


class Entry(NamedTuple):
    """One tensor, as the header has it. kind: a key of BYTES. begin: where its first byte is in the file."""

    kind: str
    shape: tuple[int, ...]
    begin: int


class Header(NamedTuple):
    """A file's tensors by name, and its texts."""

    tensors: Mapping[str, Entry]
    metadata: Mapping[str, str]


def read_header(path: str | Path, most: int = MOST_HEADER) -> Header:
    """The header of a safetensors file, held against the file's size. No number of the file is read.

    most: how many bytes the header may have.

    Raises OSError where the file cannot be read, ValueError in one line where it is none or is damaged.
    """
    with Path(path).open("rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is no file of tensors but a device or a pipe")
        start = file.read(8)
        length = int.from_bytes(start, "little")
        if len(start) < 8 or length > min(most, status.st_size - 8):
            raise ValueError(f"a header of {length:,} bytes does not fit a file of {status.st_size:,}")
        document = strict_json(file.read(length))
    if not isinstance(document, dict):
        raise ValueError("its header is no list of tensors")
    metadata = document.pop(_METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise ValueError("its metadata are not texts")
    _check_places(document, status.st_size - 8 - length)
    tensors = {
        name: Entry(entry["dtype"], tuple(entry["shape"]), 8 + length + entry["data_offsets"][0])
        for name, entry in document.items()
    }
    return Header(tensors, metadata)


def strict_json(text: str | bytes) -> Any:
    """A JSON document in which no key stands twice. Raises ValueError in one line where the text is none."""
    try:
        return json.loads(text, object_pairs_hook=_distinct)
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None
    except RecursionError:
        raise ValueError("it is nested without end") from None


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)[:60]!r} stands in it twice")
    return values


def _check_places(document: dict[str, Any], size: int) -> None:
    """See that the tensors lie one after the other and fill the file."""
    places = []
    for name, entry in document.items():
        match entry:
            case {"dtype": str(kind), "shape": list(shape), "data_offsets": [int(begin), int(end)]} if len(entry) == 3:
                if kind not in BYTES or len(shape) > 8 or not all(_is_size(one, size) for one in shape):
                    raise ValueError(f"{name[:80]!r} has type {kind[:20]!r} and a shape that no tensor has")
                numbers = 1
                for one in shape:
                    numbers *= one
                if end - begin != numbers * BYTES[kind]:
                    raise ValueError(f"{name[:80]!r} takes other room than its shape and type need")
                places.append((begin, end))
            case _:
                raise ValueError(f"{name[:80]!r} is described in another way than a tensor")
    reached = 0
    for begin, end in sorted(places):
        if begin != reached:
            raise ValueError("its tensors lie over each other, or apart")
        reached = end
    if reached != size:
        raise ValueError(f"its tensors take {reached:,} bytes of the {size:,} that follow its header")


def _is_size(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


@contextlib.contextmanager
def os_errors(path: Path) -> Iterator[None]:
    """While the library writes `path`: what the disk refuses is an OSError, as where Python writes."""
    try:
        yield
    except SafetensorError as error:
        if (found := re.search(r"os error (\d+)", str(error))) is None:
            raise
        number = int(found[1])
        raise OSError(number, os.strerror(number), str(path)) from error
