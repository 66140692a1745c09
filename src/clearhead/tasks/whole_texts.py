"""What a model reads of a text that it reads whole, in training and in use."""

from collections.abc import Sequence
from typing import Final

from clearhead.text import Tokenizer

# The control symbol of a masked place, and what stands for it in a text that is to be filled.
MASK: Final = "mask"
WRITTEN_MASK: Final = "[MASK]"


def text_ids(
    texts: Sequence[str], tokenizer: Tokenizer, max_length: int, *, frames: bool = True
) -> tuple[list[list[int]], int]:
    """For each text begin, its ids, and end, `max_length` at most; and how many texts were cut for that.

    frames: whether begin and end are read; not where texts stand in the middle of documents.
    """
    room = _room(max_length, frames)
    found = tokenizer.encode_many(texts, room + 1)
    cut = sum(len(ids) > room for ids in found)
    return [framed(ids[:room], tokenizer, frames) for ids in found], cut


def framed(ids: Sequence[int], tokenizer: Tokenizer, frames: bool = True) -> list[int]:
    """The ids between begin and end, where it `frames` them; nothing is no text, so that of it begin is read."""
    return [tokenizer.begin, *ids, tokenizer.end] if frames else [*ids] or [tokenizer.begin]


def too_long(texts: Sequence[str], tokenizer: Tokenizer, max_length: int, *, frames: bool = True) -> list[int]:
    """The numbers, from 0, of the texts that are cut."""
    room = _room(max_length, frames)
    return [number for number, ids in enumerate(tokenizer.encode_many(texts, room + 1)) if len(ids) > room]


def _room(max_length: int, frames: bool) -> int:
    return max_length - 2 if frames else max_length
