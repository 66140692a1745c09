"""Unicode's normal form C in linear time, for every string that Python can hold."""

import re
import unicodedata
from typing import Final, Literal

_SURROGATES: Final = re.compile("[\ud800-\udfff]")
# In a text that is no longer than this, the square of its length is little.
_SHORT: Final = 1000
# So many marks in a row, by their classes, are put in order by us. Languages need a handful, and Unicode's stream-safe
# format allows 30.
_RUN: Final = re.compile(rb"[^\0]{32,}")
# No marks themselves, but made of marks. No later version of Unicode may add others (UAX #15, section 5).
_VOWELS: Final = {"\u0f73": "\u0f71\u0f72", "\u0f75": "\u0f71\u0f74", "\u0f81": "\u0f71\u0f80"}


def normal_form(text: str, form: Literal["NFC", "NFKC"] = "NFC") -> str:
    """The text in a normal form; half of a surrogate pair, which UTF-8 cannot hold, is U+FFFD.

    `unicodedata.normalize` puts the marks after a letter in order by exchanging neighbours, which takes the square of
    their number: 83 s for 100,000. Long runs are therefore given to it in their order already (UAX #15, section 1.3:
    the canonical ordering), in which it has nothing to exchange.
    """
    if text.isascii():
        return text
    text = without_surrogates(text)
    # Hugging Face's library normalises too, as a tokenizer's file says, but by the tables of an old Unicode: it leaves
    # newer combining marks (such as U+07FD, Unicode 11) in the order in which they were typed.
    return unicodedata.normalize(form, text if len(text) <= _SHORT else _in_order(text))


def without_surrogates(text: str) -> str:
    """The text with U+FFFD for half of a surrogate pair, which UTF-8 cannot hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return _SURROGATES.sub("\ufffd", text)
    return text


def _in_order(text: str) -> str:
    """The same text by Unicode's rules, in which long runs of marks are in the order of their classes."""
    for vowel, marks in _VOWELS.items():
        text = text.replace(vowel, marks)
    parts: list[str] = []
    place = 0
    for run in _RUN.finditer(bytes(map(unicodedata.combining, text))):
        marks = "".join(unicodedata.normalize("NFD", mark) for mark in text[run.start() : run.end()])
        parts += text[place : run.start()], "".join(sorted(marks, key=unicodedata.combining))
        place = run.end()
    return "".join([*parts, text[place:]])
