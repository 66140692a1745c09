"""Short and long sentences apart."""

import pytest

from clearhead.evaluation import by_length

SHORT, LONG = "one two three four five", "one two three four five six"


def test_a_line_counts_where_its_reference_belongs() -> None:
    """Five words and six are in two groups; the first system has the short lines right alone, the second all."""
    short, long = by_length([[SHORT, "q", SHORT], [SHORT, LONG, SHORT]], [SHORT, LONG, SHORT])
    assert (short.name, short.lines, long.name, long.lines) == ("0–5", 2, "6–10", 1)
    assert short.bleu == pytest.approx((100, 100))
    assert long.bleu == pytest.approx((0, 100))
    assert long.chrf == pytest.approx((0, 100))


def test_no_sentence_is_too_long() -> None:
    (group,) = by_length([["a"]], ["a " * 41])
    assert (group.name, group.longest) == ("41+", None)


def test_a_word_is_what_bleu_counts() -> None:
    """13a takes a full stop off its word: six words; of text that is tokenised already they are five."""
    line = "one two three four five."
    assert by_length([[line]], [line])[0].name == "6–10"
    assert by_length([[line]], [line], "none")[0].name == "0–5"
