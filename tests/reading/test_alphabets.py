"""Alphabets: what they hold is of their script, and each character once."""

import unicodedata

import pytest

from clearhead.reading import alphabets


@pytest.mark.parametrize(
    ("letters", "scripts"),
    [
        (alphabets.KOREAN, {"HANGUL"}),
        (alphabets.JAPANESE, {"HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "CJK", "IDEOGRAPHIC", "LEFT", "RIGHT"}),
        (alphabets.SIMPLIFIED, {"CJK", "FULLWIDTH", "IDEOGRAPHIC"}),
        (alphabets.TRADITIONAL, {"CJK", "FULLWIDTH", "IDEOGRAPHIC"}),
        (alphabets.CYRILLIC, {"CYRILLIC"}),
        (alphabets.GREEK, {"GREEK"}),
        (alphabets.HEBREW, {"HEBREW"}),
        (alphabets.ARABIC, {"ARABIC"}),
        (alphabets.THAI, {"THAI"}),
    ],
)
def test_of_one_script(letters: str, scripts: set[str]) -> None:
    assert {unicodedata.name(letter).split()[0] for letter in letters} == scripts


@pytest.mark.parametrize(
    ("letters", "codec"),
    [
        (alphabets.KOREAN, "cp949"),
        (alphabets.JAPANESE, "shift_jis"),
        (alphabets.SIMPLIFIED, "gb2312"),
        (alphabets.TRADITIONAL, "big5"),
        ("".join(alphabets.WESTERN), "cp1252"),
        (alphabets.GREEK, "cp1253"),
        (alphabets.HEBREW, "cp1255"),
        (alphabets.THAI, "cp874"),
    ],
)
def test_every_character_can_be_written_in_its_encoding(letters: str, codec: str) -> None:
    assert letters.encode(codec).decode(codec) == letters
