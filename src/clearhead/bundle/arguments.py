"""What a bundle's methods are given, held against what they take: Python itself checks no types."""

import contextlib
import operator
import reprlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from clearhead.errors import UsageError

# A value as a message shows it, shortened where it is long.
shown = reprlib.repr


def require_text(name: str, text: object, optional: bool = False) -> None:
    """Raise UsageError unless `text` is a str, or None where it is `optional`."""
    if not isinstance(text, str) and not (optional and text is None):
        raise UsageError(f"{name}={shown(text)} is of type {type(text).__name__}; give a str")


def require_many(name: str, texts: Sequence[str]) -> None:
    """Raise UsageError unless `texts` are several, each a str."""
    # A str is a sequence of str too, so that each of its letters would be taken for a text.
    if isinstance(texts, str):
        raise UsageError(f"{name} is one str; give a list of texts, as in [{texts[:20]!r}]")
    if not isinstance(texts, Sequence):
        raise UsageError(f"{name} is of type {type(texts).__name__}; give a list of texts")
    require_each(name, texts)


def one_or_many(name: str, texts: object) -> list[str]:
    """The texts as a list, of which one may be given by itself. Raises UsageError for what is neither."""
    if not isinstance(texts, Sequence):
        raise UsageError(f"{name} is {shown(texts)}, of type {type(texts).__name__}; give a str or a list of them")
    return [texts] if isinstance(texts, str) else list(texts)


def require_each(name: str, texts: Iterable[object], first: int = 0) -> None:
    """Raise UsageError for the first that is no str; `first` is the number of the first of them all."""
    for number, text in enumerate(texts, start=first):
        if not isinstance(text, str):
            raise UsageError(
                f"{name}[{number}] is {shown(text)}, of type {type(text).__name__}; give texts, each a str"
            )


def require_ids(name: str, ids: object) -> list[int]:
    """The ids as a list. Raises UsageError for what are no whole numbers."""
    if isinstance(ids, Iterable) and not isinstance(ids, str | bytes):
        with contextlib.suppress(TypeError):
            return [operator.index(one) for one in ids]
    raise UsageError(f"{name}={shown(ids)} is of type {type(ids).__name__}; give a list of whole numbers")


def require_new_folder(place: Path) -> None:
    """Raise UsageError where something is at `place` already: a file, or a folder that is not empty."""
    if place.is_file() or (place.is_dir() and any(place.iterdir())):
        raise UsageError(f"{place} exists and is not empty, so nothing is written there; name another folder")
