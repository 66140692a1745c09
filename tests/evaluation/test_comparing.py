"""Two systems beside each other."""

import pytest
from sacrebleu import sentence_chrf

from clearhead.evaluation import compare

RIGHT = ["the cat sat", "a dog runs", "it rains", "she reads"]
FIRST = ["the cat sat", "a dog", "it snows", "he writes"]
SECOND = ["a cat", "a dog runs", "it snows", "he reads"]


def test_the_lines_that_changed() -> None:
    """Those that differ; the second has two of them better, "a dog runs" all right, and one worse."""
    found = compare(FIRST, SECOND, RIGHT, sources=["w", "x", "y", "z"])
    assert (found.lines, found.exact, found.names) == (4, (25.0, 25.0), ("A", "B"))
    assert {one.number for one in found.changes} == {1, 2, 4}
    assert {one.number for one in found.gains} == {2, 4}
    assert [one.number for one in found.losses] == [1]
    gains = [one.gain for one in found.changes]
    assert gains == sorted(gains, reverse=True)
    dog = next(one for one in found.changes if one.number == 2)
    assert (dog.source, dog.first, dog.second, dog.reference) == ("x", "a dog", "a dog runs", "a dog runs")
    assert dog.second_chrf == pytest.approx(100)
    assert dog.first_chrf == pytest.approx(sentence_chrf("a dog", ["a dog runs"]).score)


def test_equal_gains_stay_in_order() -> None:
    found = compare(["x"] * 3, ["y"] * 3, ["z"] * 3)
    assert [one.number for one in found.changes] == [1, 2, 3]
    assert (found.gains, found.losses) == ([], [])


def test_one_text_in_two_forms_is_no_change() -> None:
    """é as one character and as two: Unicode, annex 15."""
    assert not compare(["été"], ["e\u0301te\u0301"], ["x"]).changes
