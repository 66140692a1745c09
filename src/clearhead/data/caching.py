"""Folders of the cache: filled once, all or nothing, under a name made from what they depend on."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from clearhead.data.corpus import check_file
from clearhead.errors import DataError
from clearhead.files import publish_folder, sha256

Content = TypeVar("Content")


def from_cache(folder: Path, read: Callable[[Path], Content | None], fill: Callable[[Path], None]) -> Content:
    """What `read` makes of a folder, which `fill` fills before where it gives None: it is not there, or not whole.

    Raises DataError where the cache cannot be written or read.
    """
    found = read(folder)
    if found is None:
        try:
            with publish_folder(folder) as draft:
                fill(draft)
        except OSError as error:
            raise DataError(
                f"cannot keep the corpus's ids in {folder} ({error.strerror}); "
                "make room, or set CLEARHEAD_CACHE to a folder that can be written"
            ) from error
        found = read(folder)
    if found is None:
        raise DataError(
            f"{folder} cannot be read back just after it was written; check the disk or set CLEARHEAD_CACHE"
        )
    return found


def key_of(parts: object) -> str:
    """A name made from plain values."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def identity(path: Path) -> tuple[str, str]:
    """What a file of text holds. Raises DataError where it cannot be read."""
    check_file(path)
    try:
        # The bytes alone say what the lines are; the ending is part of it as it was when keys were first made.
        return sha256(path), path.suffix if path.suffix == ".gz" else ""
    except OSError as error:
        raise DataError(f"cannot read {path} ({error.strerror}); check its permissions and its disk") from error
