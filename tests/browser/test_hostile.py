"""Fifty texts that break pages: none breaks this one, and none runs anything, served or in one file."""

import html
from pathlib import Path
from typing import Any

from clearhead.bundle import Bundle
from clearhead.errors import ClearheadError
from clearhead.look import Exhibit, as_html

ASK = """body => fetch("/trace", {
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
}).then((answer) => answer.json())"""
STRANGE = "main img, main svg[onload], main iframe, main a[href], base, main style, main script, link[href^='//']"


def assert_quiet(page: Any, text: str) -> None:
    assert page.evaluate("window.ran") is None, text
    assert page.locator(STRANGE).count() == 0, text
    assert page.title() == "clearhead", text


def test_served(open_page: Any, address: str, hostile: list[str]) -> None:
    page = open_page(address)
    outside: list[str] = []
    page.on("request", lambda request: None if request.url.startswith(address) else outside.append(request.url))
    page.on("dialog", lambda dialog: outside.append(dialog.message))
    for text in hostile:
        # As the form does; a browser's own field would leave out what it cannot hold.
        body = {"text": text, "to": "fr", "beam_size": 1}
        told = page.evaluate(ASK, body)
        if "error" in told:
            continue
        page.reload()
        page.wait_for_selector("main[data-ready]")
        assert page.locator(".sentence p").first.text_content() is not None
        assert_quiet(page, text)
    assert outside == []


def test_in_one_file(open_page: Any, two_languages: Bundle, hostile: list[str], tmp_path: Path) -> None:
    path = tmp_path / "look.html"
    path.write_text(as_html(Exhibit(two_languages.trace("one", "fr"))), encoding="utf-8")
    page = open_page(path.as_uri(), offline=True)
    shown = 0
    for text in hostile:
        try:
            trace = two_languages.trace(text, "fr")
        except ClearheadError:
            continue  # Blank, or too long for this model.
        path.write_text(as_html(Exhibit(trace)), encoding="utf-8")
        page.goto(f"{path.as_uri()}#words")
        page.reload()
        page.wait_for_selector("main[data-ready]")
        assert page.locator("main tbody tr").count() >= len(trace.source.ids), html.escape(text)
        assert_quiet(page, text)
        shown += 1
    assert shown > 40
