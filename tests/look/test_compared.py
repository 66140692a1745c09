"""A comparison as one HTML file."""

import re
from html.parser import HTMLParser

import pytest

from clearhead.evaluation import compare
from clearhead.look import compared_page
from clearhead.look.compared import MOST_SENTENCES, marked

VOID = {"meta", "link", "br"}


class Elements(HTMLParser):
    """Every element is closed where it was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(page: str) -> Elements:
    elements = Elements()
    elements.feed(page)
    assert elements.open == []
    return elements


class TestMarked:
    def test_words_that_only_one_has(self) -> None:
        assert marked("a dog runs", "a cat runs fast") == (
            "a <del>dog</del> runs",
            "a <ins>cat</ins> runs<ins> fast</ins>",
        )

    def test_what_both_have_is_not_marked(self) -> None:
        assert marked("a < b", "a < b") == ("a &lt; b", "a &lt; b")


class TestPage:
    @pytest.mark.parametrize("language", ["en", "ko"])
    def test_texts_are_text(self, language: str) -> None:
        """Nothing that a corpus holds becomes an element, and the page fetches and runs nothing."""
        evil = "<script>alert(1)</script>"
        comparison = compare([evil, "x"], ["right", "x"], ["right", "x"], sources=[evil, "x"], names=(evil, "b"))
        page = compared_page(comparison, language)
        elements = parsed(page)
        assert "script" not in elements.seen
        assert elements.text.count(evil) == 3
        assert "default-src 'none'; style-src 'sha256-" in page
        assert not re.search(r"(src|href|style)=", page)

    def test_both_languages_say_the_same(self) -> None:
        comparison = compare(["a", "b"], ["a", "c"], ["a", "b"])
        english, korean = (parsed(compared_page(comparison, language)) for language in ("en", "ko"))
        assert english.seen == korean.seen
        assert re.findall(r"\d+\.\d+", english.text) == re.findall(r"\d+\.\d+", korean.text)

    def test_it_shows_those_that_changed_most(self) -> None:
        """Of more than it has room for, the heading says how many it shows."""
        count = MOST_SENTENCES + 1
        page = parsed(compared_page(compare(["x"] * count, ["right"] * count, ["right"] * count)))
        assert page.seen.count("section") == MOST_SENTENCES
        assert "201 lines are better in B (the 200 that changed most, by chrF)" in page.text
