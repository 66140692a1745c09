"""What a vocabulary is learned from: words, and no rows of characters without an end."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from clearhead.errors import TokenizerError
from clearhead.text.splitting import Split, in_parts

_LONGEST: Final = 1000
"""The most characters of a word that is counted: no language has longer ones, and learning takes the square of it."""
_CHUNK: Final = 100

# Letters and digits, or signs, without a break. The pre-tokenizer cuts at these places too, and at some more.
_ENDLESS: Final = re.compile(rf"[^\W_]{{{_LONGEST + 1},}}|(?:[^\w\s]|_){{{_LONGEST + 1},}}")
# Written without spaces between words: Thai and Lao, Tibetan, Burmese, Khmer, the scripts of Tai, Java and Bali,
# Chinese and Japanese; and Hangul, which some write so.
_UNSPACED: Final = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u1950-\u1aaf\u1b00-\u1b7f\u3040-\u30ff\u3130-\u318f"
    "\u3400-\u9fff\ua980-\ua9df\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)


def learnable(text: str) -> Iterator[str]:
    """The parts of a text whose words are counted when a vocabulary is learned.

    A row of more than 1,000 letters or signs is no word, as in data that was written as text: it is left out. In a
    script without spaces it is many words, and comes in parts.
    """
    if len(text) <= _LONGEST:
        yield text
        return
    place = 0
    for row in _ENDLESS.finditer(text):
        yield text[place : row.start()]
        if 2 * len(_UNSPACED.findall(row[0])) > len(row[0]):
            yield from (row[0][start : start + _CHUNK] for start in range(0, len(row[0]), _CHUNK))
        place = row.end()
    yield text[place:]


def some_text(texts: Iterable[str], split: Split) -> Iterator[str]:
    """The parts of all texts that a vocabulary is learned from. Raises TokenizerError where there is no text."""
    empty = True
    for text in texts:
        empty = empty and not text
        for part in learnable(text):
            yield from in_parts(part, split)
    if empty:
        raise TokenizerError("there is no text to learn a vocabulary from; give at least one line that is not empty")
