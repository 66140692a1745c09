"""Two languages that say the same."""

import re

import pytest

from clearhead.byhand.texts import LANGUAGES, Texts, catalogue
from clearhead.errors import UsageError


def places(text: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", text))


def test_the_catalogues_have_the_same_keys_and_places() -> None:
    english, korean = map(catalogue, LANGUAGES)
    assert english.keys() == korean.keys()
    for key, text in english.items():
        assert places(text) == places(korean[key]), key


def test_korean_is_korean() -> None:
    """Only formulas are without a Korean letter."""
    english, korean = map(catalogue, LANGUAGES)
    same = {key for key, text in korean.items() if not re.search("[가-힣]", text)}
    assert same == {"relu.heading", "exponential.text"}
    assert not any(re.search("[가-힣]", text) for text in english.values())


def test_places_are_filled_in() -> None:
    assert Texts("en")("widen.heading", features=3, inner=4) == "Feed-forward, first layer: 3 → 4"


def test_an_unknown_language() -> None:
    with pytest.raises(UsageError, match="--lang de is not known; choose one of en, ko"):
        Texts("de")
