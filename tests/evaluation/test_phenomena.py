"""Scores phenomenon by phenomenon, of translations that the test writes."""

from collections.abc import Sequence

import pytest

from clearhead.evaluation import score_phenomena
from clearhead.street import PhenomenonTest

TESTS = [
    PhenomenonTest("plain", "en-fr", ["a", "b", "c", "d"], ["A", "B", "C", "D"], []),
    PhenomenonTest("agreement", "en-ko", ["b", "c", "a"], ["B", "C", "A"], [4, 0, 12]),
]


def test_percent_exactly_right() -> None:
    asked = []

    def translate(texts: Sequence[str], to: str) -> list[str]:
        asked.append(to)
        return [text.upper() if text != "a" else "?" for text in texts]

    plain, agreement = score_phenomena(TESTS, translate, 8)
    assert (plain.phenomenon, plain.direction, plain.sentences, plain.exact) == ("plain", "en-fr", 4, 75.0)
    assert plain.by_distance == {}
    assert plain.as_trained == plain.exact
    assert agreement.exact == pytest.approx(200 / 3)
    assert agreement.as_trained == 100.0
    assert agreement.by_distance == {0: 100.0, 4: 100.0, 12: 0.0}
    assert list(agreement.by_distance) == [0, 4, 12]
    assert asked == ["fr", "ko"]


def test_a_translation_for_each_sentence() -> None:
    with pytest.raises(ValueError, match="zip"):
        score_phenomena(TESTS, lambda texts, to: texts[1:], 8)
