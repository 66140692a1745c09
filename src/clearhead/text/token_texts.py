"""The bytes that each token of a tokenizer.json stands for, as its own decoder would write it."""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from clearhead.text.alphabet import BYTES

_BYTE = re.compile("<0x([0-9A-F]{2})>")
# Begins a piece that is written and never cut, since no text has it: see `built.sentence_piece`.
HIDDEN = "\0"
_SPACE = "▁"  # What SentencePiece writes for a space.


def token_texts(document: dict[str, Any], tokens: Sequence[str | None], special: Collection[int]) -> list[bytes | None]:
    """The bytes of each id, None for a special one and for one that stands for nothing.

    document: a tokenizer.json. tokens: what it calls each id. A WordPiece "##s" is "s", and a word has no space before
    it: where one is, its decoder decides by what comes before.
    """
    added = {one["id"] for one in document["added_tokens"]}
    kinds = {one.get("type") for one in _parts(document["decoder"])}
    falls_back = "ByteFallback" in kinds or bool(document["model"].get("byte_fallback"))
    has_marks = "Metaspace" in kinds or any(_writes_spaces(one) for one in _parts(document["decoder"]))

    def content(token: str) -> bytes:
        token = token.removeprefix(HIDDEN)
        if "ByteLevel" in kinds and not set(token) - BYTES.keys():
            return bytes(BYTES[one] for one in token)
        if falls_back and (byte := _BYTE.fullmatch(token)):
            return bytes([int(byte[1], 16)])
        if has_marks:
            return token.replace(_SPACE, " ").encode()
        return token.removeprefix("##").encode() if "WordPiece" in kinds and token != "##" else token.encode()

    return [
        None if token is None or number in special else token.encode() if number in added else content(token)
        for number, token in enumerate(tokens)
    ]


def _parts(part: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    """A part of a tokenizer.json, and all that it is made of."""
    if part:
        yield part
        for one in part.get("decoders", ()):
            yield from _parts(one)


def _writes_spaces(part: dict[str, Any]) -> bool:
    return part.get("type") == "Replace" and part.get("pattern") == {"String": _SPACE} and part.get("content") == " "
