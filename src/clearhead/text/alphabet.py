"""The byte-level alphabet: one printable character for each of the 256 bytes, so that nothing is unknown.

Source: the encoder of GPT-2 (Radford et al., 2019), which Hugging Face's byte-level tokenizers kept. A byte that is a
printable Latin-1 character stands for itself; the others take the characters from U+0100 on, so a space is "Ġ".
"""

from collections.abc import Mapping
from types import MappingProxyType


def _characters() -> list[str]:
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    substitutes = iter(range(0x100, 0x200))
    return [chr(byte) if byte in printable else chr(next(substitutes)) for byte in range(256)]


CHARACTERS: tuple[str, ...] = tuple(_characters())
"""The character that stands for each byte, by the byte's value."""

BYTES: Mapping[str, int] = MappingProxyType({character: byte for byte, character in enumerate(CHARACTERS)})
"""The byte that each character stands for."""


def spelled(text: str) -> str:
    """A text as this alphabet writes it, byte by byte."""
    return "".join(CHARACTERS[byte] for byte in text.encode())


def readable(token: str) -> str:
    """A token of the byte-level alphabet as a person reads it.

    Spaces show as "▁". Bytes that are not a whole UTF-8 character, and characters that cannot be seen, show as
    "<0xE4>", one for each byte.
    """
    raw = bytes(BYTES[character] for character in token)
    # surrogateescape turns a byte that is not UTF-8 into U+DC00 + byte, which isprintable() refuses.
    return visible(raw.decode("utf-8", "surrogateescape")).replace(" ", "▁")


def visible(text: str) -> str:
    """A text in which each character that cannot be seen, or that turns others round, stands as its bytes."""
    return "".join(one if one.isprintable() else _as_bytes(one) for one in text)


def _as_bytes(character: str) -> str:
    # What was a byte that is not UTF-8 comes as U+DC80 or above; other lone surrogates are encoded as they are.
    handler = "surrogateescape" if 0xDC80 <= ord(character) <= 0xDCFF else "surrogatepass"
    return "".join(f"<0x{byte:02X}>" for byte in character.encode("utf-8", handler))
