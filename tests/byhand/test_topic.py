"""What a topic is."""

from fractions import Fraction

from clearhead.byhand import TOPICS
from clearhead.byhand.texts import Texts
from clearhead.byhand.topic import Start, fractions


def test_the_usual_size_is_the_first() -> None:
    assert TOPICS["block"].usual == {"positions": 5, "features": 3, "inner": 4}


def test_positions_are_words_unless_they_have_labels() -> None:
    rows = {"X": fractions([[1, 2]])}
    assert Start(rows, {}, Texts("en")).tokens("queries", 2) == ("the", "cat")
    assert Start(rows, {}, Texts("en"), {"queries": ("I", "am")}).tokens("queries", 2) == ("I", "am")
    assert Start(rows, {}, Texts("en")).matrix("X", "X").values == [[Fraction(1), Fraction(2)]]
