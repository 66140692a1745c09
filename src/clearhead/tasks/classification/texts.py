"""What a classifier reads of a text."""

from collections.abc import Sequence

from clearhead.text import Tokenizer


def text_ids(texts: Sequence[str], tokenizer: Tokenizer, max_length: int) -> tuple[list[list[int]], int]:
    """For each text begin, its ids, and end, `max_length` at most; and how many texts were cut for that."""
    room = max_length - 2
    found = tokenizer.encode_many(texts, room + 1)
    cut = sum(len(ids) > room for ids in found)
    return [[tokenizer.begin, *ids[:room], tokenizer.end] for ids in found], cut
