import sys
import unicodedata

import pytest

from clearhead.text import is_blank

# Unicode 15, DerivedCoreProperties.txt: letters and marks that are Default_Ignorable_Code_Point.
FILLERS = "\u115f\u1160\u3164\uffa0"
IGNORABLE_MARKS = {0x034F, 0x17B4, 0x17B5, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}


@pytest.mark.parametrize("text", ["", " ", "\t\r\n", "\u00a0", "\u200b", "\ufeff", "\u3000\u200d", "\x00", "\u2028"])
def test_nothing_to_read_is_blank(text: str) -> None:
    """faults.md B2: a line of nothing but U+200B was translated into words, and kept for training."""
    assert is_blank(text)


@pytest.mark.parametrize("text", ["a", " .", "\u200b가", "\u0301", "👍\ufe0f", "\ud800"])
def test_a_single_visible_character_is_enough(text: str) -> None:
    assert not is_blank(text)


def test_every_character_is_judged_by_its_kind_in_unicode() -> None:
    """Separators and controls are blank; letters, digits, punctuation and marks are not, but for Unicode's fillers."""
    wrong = []
    for code in range(sys.maxunicode + 1):
        character, kind = chr(code), unicodedata.category(chr(code))
        if kind in {"Zs", "Zl", "Zp", "Cc"}:
            expected = True
        elif kind in {"Lu", "Ll", "Lo", "Nd", "Po", "Ps", "Pe", "Sm", "Mn"}:
            expected = character in FILLERS or code in IGNORABLE_MARKS
        else:
            continue
        if is_blank(character) != expected:
            wrong.append(hex(code))
    assert wrong == []
