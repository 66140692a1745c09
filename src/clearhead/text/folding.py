"""Folding: typographic variants of a character become the plain one, and what cannot be seen is left out.

A phone writes "didn’t" and a word processor puts a no-break space before "?", but a corpus has one form of each, mostly
the plain one. Each rule is a regular expression that Python and Hugging Face's `tokenizers` read alike, so that a
tokenizer's file holds the rules and its own library honours them (docs/decisions/0023-unicode-folding.md).
"""

import re
from collections.abc import Iterator
from typing import Final

from clearhead.text.normalizing import normal_form

# Scripts in which a joiner decides how letters are shaped, and emoji: from Hebrew and Arabic to Georgian (the Indic
# scripts are among them), Hanunoo to Vedic (Khmer, Mongolian), Syloti Nagri to Meetei, Arabic's forms, the historic
# scripts, and the pictures with what may follow one of them.
_JOINED: Final = (
    "\u0590-\u10ff\u1700-\u1cff\ua800-\uabff\ufb1d-\ufdff\ufe0f\ufe70-\ufefc\U00010800-\U00011fff"
    "\u2190-\u21ff\u2300-\u23ff\u25a0-\u27bf\u2b00-\u2bff\U0001e000-\U0001faff\U000e007f"
)
_LATIN: Final = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f"
_TAGS: Final = "\U000e0020-\U000e007f"

# Never seen: soft hyphen, grapheme joiner, zero-width space, word joiner, byte order mark, invisible operators, marks
# that turn the direction of text, interlinear marks, blank letters of Hangul, language tags.
_UNSEEN: Final = (
    "\u00ad\u034f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e001f"
)
# Of every width, those that do not break, and the two separators that are no line's end in a file.
_SPACES: Final = "\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
# Quotes, the apostrophe among them, and the primes that are typed for them.
_SINGLE, _DOUBLE = "\u02bc\u2018-\u201b\u2032", "\u201c-\u201f\u2033"

_ALWAYS: Final = ((_UNSEEN, ""), (_SPACES, " "), (_SINGLE, "'"), (_DOUBLE, '"'))
_SOMETIMES: Final = (
    # Tag characters, but in a flag; joiners, but where letters or pictures are joined.
    (f"(?<![\U0001f3f4{_TAGS}])[{_TAGS}]+", ""),
    (f"(?<![{_JOINED}])[\u200c\u200d]+", ""),
)
FIRST: Final = (*((f"[{characters}]", content) for characters, content in _ALWAYS), *_SOMETIMES)
"""(regular expression, what takes its place), in the order in which they are applied to a text in NFC."""
THEN: Final = ((f"(?<=[{_LATIN}])[`\u00b4](?=[{_LATIN}])", "'"),)
"""What is applied after NFC once more: an accent without a letter, where it stands for an apostrophe."""


def _members(characters: str) -> Iterator[int]:
    """The codes that a character class such as "a-cx" has."""
    for first, last, one in re.findall("(.)-(.)|(.)", characters, re.DOTALL):
        yield from range(ord(first or one), ord(last or one) + 1)


# What `str.translate` needs: one reading of a text, where a substitution costs as much as fifty characters.
_TABLE: Final = {code: content for characters, content in _ALWAYS for code in _members(characters)}
_ANY: Final = re.compile(f"[{_UNSEEN}{_SPACES}{_SINGLE}{_DOUBLE}]")
_FIRST, _THEN = ([(re.compile(pattern), content) for pattern, content in rules] for rules in (_SOMETIMES, THEN))


def folded(text: str) -> str:
    """The text after every rule, in NFC, in linear time."""
    if not text.isascii():
        text = normal_form(text)
        if _ANY.search(text):
            text = text.translate(_TABLE)
        for pattern, content in _FIRST:
            text = pattern.sub(content, text)
        text = normal_form(text)
    for pattern, content in _THEN:
        text = pattern.sub(content, text)
    return text
