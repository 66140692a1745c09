"""docs/gallery.py and what it has written: the pages' words but for their numbers, and every picture."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from clearhead import look
from clearhead.bundle import Bundle

DOCS = Path(__file__).parents[2] / "docs"
# What depends on the model is a mark that no text has.
VALUES = {key: f"{key}@" for key in ("pronoun", "row", "cue", "weight", "beam")}


@pytest.fixture(scope="module")
def gallery() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DOCS)
        yield importlib.import_module("gallery")


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_is_what_the_command_writes(gallery: Any, language: str) -> None:
    written = (DOCS / gallery.page_name(language)).read_text(encoding="utf-8")
    expected = re.escape(words(gallery.page(language, {**VALUES, "sentence": gallery.SENTENCE})))
    for mark in VALUES.values():
        expected = expected.replace(re.escape(mark), "[^ ”]+?")
    assert re.fullmatch(expected, words(written))


def test_every_picture_is_there_small_and_named(gallery: Any) -> None:
    wanted = {gallery.picture(section, language).name for section in gallery.SECTIONS for language in gallery.WORDS}
    assert {path.name for path in (DOCS / gallery.FOLDER).iterdir()} == wanted
    for name in wanted:
        path = DOCS / gallery.FOLDER / name
        assert path.stat().st_size < 150_000
        with Image.open(path) as image:
            assert image.format == "PNG"
            assert 500 < image.width < 1500


def test_every_kind_of_picture_is_shown(gallery: Any) -> None:
    assert {section.draw for section in gallery.SECTIONS} == {one for one in look.__all__ if one.startswith("draw_")}
    names = {"opening", *(section.name for section in gallery.SECTIONS)}
    assert [words.keys() for words in gallery.WORDS.values()] == [names, names]


def test_each_is_drawn_from_a_trace(gallery: Any, two_languages: Bundle, tmp_path: Path) -> None:
    """But for the first, which needs a model that writes a pronoun."""
    trace = two_languages.trace("one two", "fr", beam_size=2)
    for section in gallery.SECTIONS[1:]:
        assert gallery.drawn(section, trace, "ko").axes
    gallery.save(gallery.drawn(gallery.SECTIONS[3], trace, "en"), tmp_path / "new" / "positions.png")
    assert (tmp_path / "new" / "positions.png").stat().st_size > 1000


def test_a_model_without_a_pronoun_is_refused(gallery: Any, two_languages: Bundle) -> None:
    with pytest.raises(SystemExit, match="without a pronoun; train it for longer"):
        gallery.facts(two_languages.trace("one two", "fr"))
