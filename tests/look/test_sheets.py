"""Worksheets, drawn."""

import html.parser
import re
import unicodedata

import pytest

from clearhead.byhand import TOPICS, make_sheet, making
from clearhead.look.sheets import markdown, page


@pytest.fixture(autouse=True)
def as_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "ATTEMPTS", 1)


@pytest.mark.parametrize("topic", list(TOPICS))
def test_blank_and_answered_differ_in_the_blanks_alone(topic: str) -> None:
    sheet = make_sheet(topic, 1)
    blank, answered = (page(sheet, answers) for answers in (False, True))
    assert blank != answered
    boxes = re.compile('(<span class="blank">).*?(</span></td>)')
    assert boxes.sub(r"\1\2", answered) == blank
    filled = re.findall('<span class="blank">(.*?)</span></td>', answered)
    assert len(filled) == len(list(sheet.blanks()))
    assert all(filled)

    blank, answered = (markdown(sheet, answers) for answers in (False, True))
    places = [(one.start(), one.end()) for one in re.finditer("__+", blank)]
    assert len(places) == len(filled)
    rest = [blank, answered]
    for start, end in reversed(places):
        rest = [text[:start] + text[end:] for text in rest]
    assert rest[0] == rest[1]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_needs_nothing_else(language: str) -> None:
    text = page(make_sheet("block", language=language))
    assert f'<html lang="{language}">' in text
    text = text.replace("http://www.w3.org/2000/svg", "")  # A name, which is not fetched.
    assert not re.search(r"https?:|url\(|@import|src=|<link|<img", text)
    assert "default-src 'none'" in text


def test_a_blank_sheet_holds_no_answers() -> None:
    """To be given away: neither the key, nor what would check the blanks."""
    text = page(make_sheet("block"), key=False)
    assert "<script" not in text
    assert "script-src" not in text
    assert "default-src 'none'; style-src" in text
    assert "11" not in re.findall(r">([^<>]+)<", text.partition("<main")[2])


def test_the_tags_are_closed() -> None:
    class Tags(html.parser.HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []

        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag not in {"meta"}:
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    for topic in TOPICS:
        tags = Tags()
        tags.feed(page(make_sheet(topic, 1)))
        assert tags.open == []


def test_the_key_has_every_answer_and_can_be_left_out() -> None:
    sheet = make_sheet("block")
    text = markdown(sheet)
    assert "- P1, Z1: 11 = 5·1 + 6·1" in text
    assert len(re.findall("^- ", text, re.MULTILINE)) == len(list(sheet.blanks()))
    assert "11 =" not in markdown(sheet, key=False)
    assert "<dd>11 = 5·1 + 6·1</dd>" in page(sheet)
    assert 'class="key"' not in page(sheet, key=False)


def test_powers_and_indices_are_raised_and_lowered() -> None:
    text = page(make_sheet("self-attention"))
    assert "QK<sup>T</sup>" in text
    assert "W<sub>Q</sub>" in text
    assert "e<sup>−2</sup>" in text
    assert "^" not in text.partition("</style>")[2].partition("<script")[0]


def test_what_a_model_says_is_text() -> None:
    """A token may be anything."""
    sheet = make_sheet("block")
    row = sheet.sections[0].matrices[0]
    odd = type(row)(row.key, "<b>", row.cells, ("<i>", "&", '"'), row.columns)
    section = type(sheet.sections[0])("h", "t", ((odd,),))
    text = page(type(sheet)(sheet.topic, "en", "<title>", "i", (section,)))
    assert "&lt;b&gt;" in text
    assert "&lt;i&gt;" in text
    assert "<b>" not in text


def test_columns_of_text_line_up() -> None:
    """In a terminal: every row of a matrix ends where the others end."""
    text = markdown(make_sheet("attention-weighting", language="ko"), key=False)
    (block,) = re.findall("```\n(.*?)\n```", text, re.DOTALL)
    ends = {line.rstrip().rindex("]") for line in block.splitlines() if "__" in line}
    assert len(ends) == 1


@pytest.mark.parametrize("topic", list(TOPICS))
@pytest.mark.parametrize("language", ["en", "ko"])
def test_matrices_fit_a_terminal_of_80_columns(topic: str, language: str) -> None:
    text = markdown(make_sheet(topic, 1, language=language), key=False)
    for line in "\n".join(re.findall("```\n(.*?)\n```", text, re.DOTALL)).splitlines():
        wide = sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in line)
        assert wide <= 80, line
