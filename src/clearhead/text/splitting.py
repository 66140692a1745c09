"""Where a text is cut into words before any piece is: no piece goes across such a place.

Hugging Face's `tokenizers` does it, by regular expressions that a tokenizer's file holds.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final, Literal, get_args

import tokenizers
from tokenizers import pre_tokenizers

Split = Literal["words", "scripts"]
SPLITS: Final[tuple[Split, ...]] = get_args(Split)

# A letter may be followed by marks: vowels of Thai and Devanagari are such. "ー" makes a vowel long in both Kana.
_NAMED: Final = {
    "Hangul": "",
    "Han": "々〆",
    "Hiragana": "ー",
    "Katakana": "ー",
    "Latin": "",
}
_ROWS: Final = [rf" ?[\p{{{name}}}{more}][\p{{{name}}}{more}\p{{M}}]*" for name, more in _NAMED.items()]
_OTHER: Final = "(?![" + "".join(rf"\p{{{name}}}" for name in _NAMED) + r"])\p{L}"
# English contractions and the last two are GPT-2's.
_PATTERN: Final = "|".join(
    [
        "'(?:s|t|re|ve|m|ll|d)",
        *_ROWS,
        rf" ?{_OTHER}(?:{_OTHER}|\p{{M}})*",
        r" ?\p{N}+",
        r" ?[^\s\p{L}\p{N}]+",
        r"\s+(?!\S)",
        r"\s+",
    ]
)

MOST_UNSPACED: Final = 8
"""The most characters of a piece in a script without spaces between words, where it is learned by `scripts`."""
# Thai and Lao, Tibetan, Burmese, Khmer, the scripts of Tai, Java and Bali, Chinese and Japanese.
_LONG_ROW: Final = re.compile(
    "[\u0e00-\u109f\u1780-\u17ff\u1950-\u1aaf\u1b00-\u1b7f\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\ua980-\ua9df"
    f"\uf900-\ufaff\U00020000-\U0003ffff]{{{MOST_UNSPACED + 1},}}"
)


def pre_tokenizer(split: Split = "words") -> pre_tokenizers.PreTokenizer:
    """What cuts a text into words, which come in the byte-level alphabet.

    words: as GPT-2 does, at spaces and between letters, digits and signs. scripts: also between scripts, as in
    "iPhone을" and "K팝"; and marks stay with their letters, as Thai's vowels do.
    """
    if split == "words":
        return pre_tokenizers.ByteLevel(add_prefix_space=False)
    cut = pre_tokenizers.Split(tokenizers.Regex(_PATTERN), "isolated")
    return pre_tokenizers.Sequence([cut, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def split_of(document: Any) -> Split | None:
    """Which of them a tokenizer.json holds as its `pre_tokenizer`; None where it is another."""
    return next((split for split in SPLITS if as_document(split) == document), None)


def as_document(split: Split) -> Any:
    """A `pre_tokenizer` as a tokenizer.json has it."""
    return json.loads(pre_tokenizer(split).__getstate__())


def in_parts(text: str, split: Split) -> Iterator[str]:
    """The parts of a text in which pieces are learned, so that none of them is a sentence.

    By `scripts`, a row of letters in a script without spaces comes eight at a time. A text that is only cut into pieces
    that are there is not parted: a piece may stand anywhere in a row.
    """
    if split == "words":
        yield text
        return
    place = 0
    for row in _LONG_ROW.finditer(text):
        yield text[place : row.start()]
        yield from (row[0][start : start + MOST_UNSPACED] for start in range(0, len(row[0]), MOST_UNSPACED))
        place = row.end()
    yield text[place:]
