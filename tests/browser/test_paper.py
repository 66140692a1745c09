"""Every topic on paper: two pages of A4 at most, the sheet and its answers, and nothing wider than the page."""

import re
from pathlib import Path
from typing import Any

import pytest

from clearhead.byhand import LANGUAGES, TOPICS, make_sheet
from clearhead.look.sheets import page as as_file

# 184 mm, as sheets.css says, in pixels of 1/96 inch.
WIDTH = 695
TOO_WIDE = """() => [...document.querySelectorAll(".matrix, .sign, p, aside, dl > div")]
    .filter((one) => one.getBoundingClientRect().right > innerWidth || one.scrollWidth > one.clientWidth + 1)
    .map((one) => one.textContent)"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_pages_at_most(chromium: Any, tmp_path: Path, language: str) -> None:
    page = chromium.new_page(viewport={"width": WIDTH, "height": 1000})
    page.emulate_media(media="print")
    path = tmp_path / "sheet.html"
    for topic in TOPICS:
        path.write_text(as_file(make_sheet(topic, language=language)), encoding="utf-8")
        page.goto(path.as_uri())
        assert page.evaluate(TOO_WIDE) == [], topic
        paper = page.pdf(prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 2, topic
        [size] = set(re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+ [\d.]+)\]", paper))
        assert [round(float(one)) for one in size.split()] == [595, 842], topic  # A4 in points.
    page.close()
