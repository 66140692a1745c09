"""What pictures say, in both languages."""

import re

import pytest

from clearhead.errors import UsageError
from clearhead.look.captions import CAPTIONS, Captions


def test_both_languages_say_the_same() -> None:
    english, korean = (CAPTIONS[language] for language in ("en", "ko"))
    assert english.keys() == korean.keys()
    for key, text in english.items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", korean[key])), key
    assert all(re.search("[가-힣]", text) for text in korean.values())


def test_places_are_filled_in() -> None:
    assert Captions("en")("head", number=3) == "head 3"
    assert Captions("ko")("head", number=3) == "헤드 3"


def test_another_language() -> None:
    with pytest.raises(UsageError, match=r"language='de' is not known; choose one of en, ko"):
        Captions("de")
