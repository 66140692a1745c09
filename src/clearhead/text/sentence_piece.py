"""A SentencePiece model (.spm, .model) as its file says: a protocol buffer, read here without the package.

Source: google/sentencepiece, src/sentencepiece_model.proto. Nothing in the file is trusted.
"""

import struct
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from clearhead.errors import TokenizerError

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)
_KINDS: Final[dict[int, Literal["unigram", "bpe"]]] = {1: "unigram", 2: "bpe"}
_MOST_PIECES: Final = 1 << 22
Value = int | bytes


class Piece(NamedTuple):
    text: str
    score: float
    kind: int


class SentencePieceModel(NamedTuple):
    """kind: how it cuts. unknown: the id of what has no piece. charsmap: how characters are normalised, compiled.

    adds_space: whether a text begins with a space that it does not have. removes_spaces: whether several are one.
    """

    kind: Literal["unigram", "bpe"]
    pieces: tuple[Piece, ...]
    unknown: int
    charsmap: bytes
    adds_space: bool
    removes_spaces: bool


def read_sentence_piece(content: bytes, name: str = "this file") -> SentencePieceModel:
    """The model of a file's content; errors call it `name`. Raises TokenizerError where it is none that we know."""
    try:
        return _model(content)
    except (ValueError, IndexError, KeyError, TypeError, struct.error, AttributeError) as error:
        reason = " ".join(str(error).split())[:120]
        raise TokenizerError(f"{name} is no SentencePiece model ({reason}); copy it again") from None


def _model(content: bytes) -> SentencePieceModel:
    pieces: list[Piece] = []
    trainer, normalizer = b"", b""
    for field, value in _fields(content):
        if field == 1:
            pieces.append(_piece(_bytes(value)))
            if len(pieces) > _MOST_PIECES:
                raise ValueError(f"more than {_MOST_PIECES:,} pieces")
        elif field == 2:
            trainer = _bytes(value)
        elif field == 3:
            normalizer = _bytes(value)
    if not pieces:
        raise ValueError("it has no pieces")
    training, normalizing = dict(_fields(trainer)), dict(_fields(normalizer))
    if (kind := training.get(3, 1)) not in _KINDS:
        raise ValueError(f"its model_type is {kind!r}, not unigram or BPE")
    unknown = next((number for number, piece in enumerate(pieces) if piece.kind == UNKNOWN), None)
    if unknown is None:
        raise ValueError("it has no piece for what is unknown")
    return SentencePieceModel(
        _KINDS[int(kind)], tuple(pieces), unknown, _bytes(normalizing.get(2, b"")), bool(normalizing.get(3, 1)),
        bool(normalizing.get(4, 1)),
    )  # fmt: skip


def _piece(content: bytes) -> Piece:
    text, score, kind = "", 0.0, NORMAL
    for field, value in _fields(content):
        if field == 1:
            text = _bytes(value).decode("utf-8")
        elif field == 2:
            [score] = struct.unpack("<f", _bytes(value))
        elif field == 3:
            kind = int(value)
    return Piece(text, score, kind)


def _fields(content: bytes) -> Iterator[tuple[int, Value]]:
    """The numbers and values of a message's fields, in their order. Fixed-size numbers come as their bytes."""
    place = 0
    while place < len(content):
        key, place = _varint(content, place)
        match key & 7:
            case 0:
                value, place = _varint(content, place)
                yield key >> 3, value
                continue
            case 1:
                length = 8
            case 2:
                length, place = _varint(content, place)
            case 5:
                length = 4
            case other:
                raise ValueError(f"a field of wire type {other} at byte {place}")
        if place + length > len(content):
            raise ValueError(f"it ends within a field at byte {place}")
        yield key >> 3, content[place : place + length]
        place += length


def _varint(content: bytes, place: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):
        byte = content[place]
        place += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, place
    raise ValueError(f"a number without an end at byte {place}")


def _bytes(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("a number where text is expected")
    return value
