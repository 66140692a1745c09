"""Where sentences end, and that nothing of a text is lost: with sentencex where it is installed, and without."""

import importlib.util
import random
from collections.abc import Iterator
from typing import Any

import pytest

from clearhead.text import sentences
from clearhead.text.sentences import parts

WAYS = [
    pytest.param("sentencex", marks=pytest.mark.skipif(not importlib.util.find_spec("sentencex"), reason="not there")),
    "rules",
]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "rules":
        monkeypatch.setattr(sentences, "_sentencex", lambda: None)
    return str(request.param)


def of(text: str, language: str | None = None) -> list[str]:
    return [one.text for one in parts(text, language) if one.is_sentence]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["Hello, Mr. Smith.", "It is 3.14 now!", "Really?", '"Yes."', "A. B. Lee said so."]),
        ("fr", ["Il est là.", "M. Dupont dort.", "« Oui ! »"]),
        ("ko", ["저는 학생입니다.", "어디 가세요?", "집에 갑니다."]),
        ("de", ["Er schläft.", "Das Haus ist alt."]),
        ("en", ["1. Open the door.", "2. Go in.", "It is room 12.", "She waits."]),
    ],
)
def test_sentences_with_spaces_between_them(way: str, language: str, expected: list[str]) -> None:
    assert of("  ".join(expected), language) == expected


@pytest.mark.parametrize(
    "text", ["円周率は３．１４です。", "「行こう。」と言った。", "example.com is a site.", "version 2.0.1"]
)
def test_what_is_one_sentence_stays_one(way: str, text: str) -> None:
    """serving.md E3: what sentencex was seen to cut wrongly."""
    language = "ja" if text[0] in "円「" else "en"
    assert of(text, language) == [text]


def test_scripts_without_spaces(way: str) -> None:
    assert of("私は学生です。彼は先生です。", "ja") == ["私は学生です。", "彼は先生です。"]
    assert of("我是学生。他是老师！对吗？", "zh") == ["我是学生。", "他是老师！", "对吗？"]


def test_what_is_between_is_kept_as_it_is(way: str) -> None:
    text = "\t One here. \u00a0Two there.\r\n\r\n  \n- Three\u2028Four.\n"
    found = parts(text, "en")
    assert "".join(one.text for one in found) == text
    assert [one.text for one in found if one.is_sentence] == ["One here.", "Two there.", "- Three", "Four."]
    assert parts("") == []
    assert [one.is_sentence for one in parts(" \n\u200b ")] == [False] * 3


def hostile(seed: int) -> str:
    letters = [*'aB. \u2028\n!가。」"\t1\x85\ud800é\r\u200b', "I."]
    draw = random.Random(seed)
    return "".join(draw.choice(letters) for _ in range(draw.randrange(40)))


def test_nothing_is_ever_lost(way: str) -> None:
    """serving.md E3: 20 of 30,000 such texts made sentencex panic, as an initial before U+2028 does."""
    texts = ["B\u2028.", *map(hostile, range(3000))]
    for text in texts:
        found = parts(text, "en")
        assert "".join(one.text for one in found) == text
        assert all(one.text == one.text.strip() and one.text for one in found if one.is_sentence)


class Panic(BaseException):
    """As pyo3's PanicException, which no `except Exception` catches."""


@pytest.mark.parametrize("problem", ["panics", "loses"])
def test_a_splitter_that_fails_is_not_trusted(problem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def segment(language: str, text: str) -> Iterator[str]:
        if problem == "panics":
            raise Panic
        yield text[:-1]

    monkeypatch.setattr(sentences, "_sentencex", lambda: segment)
    assert of("One. Two.", "en") == ["One.", "Two."]


def test_who_interrupts_is_not_taken_for_a_panic(monkeypatch: pytest.MonkeyPatch) -> None:
    def segment(language: str, text: str) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(sentences, "_sentencex", lambda: segment)
    with pytest.raises(KeyboardInterrupt):
        parts("One. Two.")


def test_long_texts_take_no_long_time(way: str) -> None:
    """Texts of the kinds that made other splitters hang; the test's own limit is what fails."""
    for text in ("1" * 10**5, "(" * 10**4, "a." * 10**4, "가나다 " * 10**4, " " * 10**5, "!" * 10**4, "A. " * 10**4):
        assert "".join(one.text for one in parts(text)) == text
