"""The page in a notebook."""

import sys
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest
from matplotlib.figure import Figure

import clearhead
from clearhead.look import Exhibit, as_html, exhibit_of, show
from clearhead.look.notebook import show_figures


class Frames(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))


def test_one_frame_that_is_shut_off(exhibit: Exhibit) -> None:
    reader = Frames()
    reader.feed(show(exhibit.trace, "en")._repr_html_())
    [(tag, given)] = reader.tags
    assert tag == "iframe"
    assert given["sandbox"] == "allow-scripts"
    assert given["srcdoc"] == as_html(exhibit_of(exhibit.trace), "en")


def test_it_is_public() -> None:
    assert clearhead.show is show


def test_a_notebook_displays_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the inline back end would, and only where nothing does so already."""
    known: dict[type, Any] = {}
    formatter = SimpleNamespace(lookup_by_type=known.__getitem__, for_type=known.__setitem__)
    shell = SimpleNamespace(display_formatter=SimpleNamespace(formatters={"image/png": formatter}))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell, version_info=(9, 0)))
    show_figures()
    assert known[Figure](Figure()).startswith(b"\x89PNG")
    mine = known[Figure] = object()
    show_figures()
    assert known[Figure] is mine


def test_elsewhere_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None, version_info=(9, 0)))
    show_figures()
    monkeypatch.delitem(sys.modules, "IPython")
    show_figures()
