"""Where the files in a zip file lie, where nothing is compressed, as `torch.save` writes it.

Python's `zipfile` takes an object for each entry that is listed, however many a hostile file lists; this reads a list
no longer than a model's description needs. Source: PKWARE's APPNOTE.TXT, sections 4.3 and 4.5.3.
"""

import os
import struct
from typing import BinaryIO, NamedTuple

from clearhead.tensor_file import MOST_HEADER

_LOCAL, _LISTED, _END, _END_64, _LOCATOR = (b"PK" + bytes(one) for one in ((3, 4), (1, 2), (5, 6), (6, 6), (6, 7)))
_IN_EXTRA = 0xFFFFFFFF


class Inside(NamedTuple):
    """Where a file begins in the zip file, and how many bytes it has."""

    begin: int
    size: int


def read_entries(file: BinaryIO) -> dict[str, Inside]:
    """The files in it by name. Raises ValueError in one line where it is damaged, or they lie over each other."""
    end = os.fstat(file.fileno()).st_size
    offset, size = _directory(file, end)
    if size > MOST_HEADER or offset + size > end:
        raise ValueError(
            f"its list of files takes {size:,} bytes; at most {MOST_HEADER:,} were expected, and inside it"
        )
    file.seek(offset)
    try:
        listed = _listed(file.read(size))
        return _placed(file, listed, end)
    except (struct.error, IndexError):
        raise ValueError("it is a damaged zip file") from None


def _directory(file: BinaryIO, end: int) -> tuple[int, int]:
    """Where the list of files begins, and its size: at the end of the file, before a comment that may be there."""
    begin = max(0, end - 22 - 0xFFFF - 20)
    file.seek(begin)
    tail = file.read()
    at = tail.rfind(_END, 0, len(tail) - 18)
    if at < 0:
        raise ValueError("it is a damaged zip file: its end is missing")
    size, offset = struct.unpack("<II", tail[at + 12 : at + 20])
    if at >= 20 and tail[at - 20 : at - 16] == _LOCATOR:
        file.seek(min(end, struct.unpack("<Q", tail[at - 12 : at - 4])[0]))
        longer = file.read(56)
        if len(longer) < 56 or longer[:4] != _END_64:
            raise ValueError("it is a damaged zip file: its end is not where it says")
        size, offset = struct.unpack("<QQ", longer[40:56])
    return offset, size


def _listed(directory: bytes) -> list[tuple[int, int, str]]:
    """Of each file where its own header is, its size and its name, in this order."""
    found, at = [], 0
    while at < len(directory):
        if directory[at : at + 4] != _LISTED:
            raise ValueError("it is a damaged zip file: its list of files breaks off")
        flags, method = struct.unpack("<HH", directory[at + 8 : at + 12])
        packed, size, *lengths = struct.unpack("<IIHHH", directory[at + 20 : at + 34])
        (begin,) = struct.unpack("<I", directory[at + 42 : at + 46])
        name_end = at + 46 + lengths[0]
        name = directory[at + 46 : name_end].decode("utf-8", "replace")
        size, packed, begin = _widened([size, packed, begin], directory[name_end : name_end + lengths[1]])
        if method or flags & 1 or packed != size:
            raise ValueError(f"{name[:80]!r} in it is compressed or encrypted, which torch.save does not do")
        found.append((begin, size, name))
        at = name_end + lengths[1] + lengths[2]
    return sorted(found)


def _widened(values: list[int], extra: bytes) -> list[int]:
    """Sizes and places; those that 32 bits cannot hold stand in an extra field, in this order."""
    if _IN_EXTRA not in values:
        return values
    at = 0
    while at < len(extra):
        kind, length = struct.unpack("<HH", extra[at : at + 4])
        if kind == 1:
            wide = iter(struct.unpack(f"<{length // 8}Q", extra[at + 4 : at + 4 + length // 8 * 8]))
            return [next(wide, one) if one == _IN_EXTRA else one for one in values]
        at += 4 + length
    return values


def _placed(file: BinaryIO, listed: list[tuple[int, int, str]], end: int) -> dict[str, Inside]:
    found: dict[str, Inside] = {}
    reached = 0
    for at, size, name in listed:
        file.seek(min(at, end))
        header = file.read(30)
        if at < reached or header[:4] != _LOCAL or name in found:
            raise ValueError(f"{name[:80]!r} in it is there twice, or lies over another file")
        begin = at + 30 + sum(struct.unpack("<HH", header[26:30]))
        reached = begin + size
        if reached > end:
            raise ValueError(f"{name[:80]!r} is to take {size:,} bytes that are not in it")
        found[name] = Inside(begin, size)
    return found
