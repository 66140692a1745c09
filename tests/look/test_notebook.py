"""The page in a notebook."""

from html.parser import HTMLParser

import clearhead
from clearhead.look import Exhibit, as_html, show


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
    assert given["srcdoc"] == as_html(Exhibit(exhibit.trace), "en")


def test_it_is_public() -> None:
    assert clearhead.show is show
