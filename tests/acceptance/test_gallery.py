"""docs/gallery.py and what it has written: the pages, word for word, and every picture."""

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from clearhead import look
from clearhead.bundle import Bundle, load
from clearhead.look.fonts import Fonts
from clearhead.tracing import Trace

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def gallery() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DOCS)
        yield importlib.import_module("gallery")


@pytest.fixture(scope="module")
def traces(gallery: Any) -> dict[str, Trace]:
    """Of the model that comes with clearhead."""
    bundle = load("street")
    return {to: bundle.trace(gallery.SENTENCE, to, beam_size=3) for to in ("fr", "ko")}


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_is_what_the_command_writes(gallery: Any, traces: dict[str, Trace], language: str) -> None:
    written = (DOCS / gallery.page_name(language)).read_text(encoding="utf-8")
    assert written == gallery.page(language, gallery.facts(traces["fr"]))


def test_what_the_page_says_of_the_first_picture(gallery: Any, traces: dict[str, Trace]) -> None:
    trace, said = traces["fr"], gallery.facts(traces["fr"])
    attention, head, row = gallery.noun_head(trace)
    assert (said["pronoun"], said["noun"]) == ("il", "animal")
    assert trace.predicted.pieces[row] == "il"
    weights = trace[f"{attention}.weights"][head, row]
    assert trace.source.pieces[int(weights.argmax())] == "▁animal"
    assert said["weight"] == f"{float(weights.max()):.2f}"
    assert int(said["row"]) == row + 1


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
    """Of a trace: a run's curves are shown elsewhere."""
    of_traces = {one for one in look.__all__ if one.startswith("draw_")} - {"draw_curves"}
    assert {section.draw for section in gallery.SECTIONS} == of_traces
    names = {"opening", *(section.name for section in gallery.SECTIONS)}
    assert [words.keys() for words in gallery.WORDS.values()] == [names, names]


def test_the_stored_pictures_are_those_of_the_traces(gallery: Any, traces: dict[str, Trace], tmp_path: Path) -> None:
    """In size, which the tokens and the letters decide; the smallest of them in what it shows as well.

    Korean letters are as wide as the font that is found; the stored pictures have those that `.ci/run` installs.
    """
    same_letters = "NanumGothic" in Fonts(["가"]).families
    for section in (one for one in gallery.SECTIONS if one.to == "fr" or same_letters):
        figure = gallery.drawn(section, traces[section.to], "en")
        with Image.open(DOCS / gallery.picture(section, "en")) as stored:
            size = [inches * gallery.RESOLUTION for inches in figure.get_size_inches()]
            assert list(stored.size) == pytest.approx(size, abs=3)
    section = next(one for one in gallery.SECTIONS if one.name == "positions")
    gallery.save(gallery.drawn(section, traces["fr"], "en"), tmp_path / "new" / "positions.png")
    with (
        Image.open(tmp_path / "new" / "positions.png") as new,
        Image.open(DOCS / gallery.picture(section, "en")) as old,
    ):
        difference = ImageChops.difference(new.convert("RGB"), old.convert("RGB"))
    assert max(ImageStat.Stat(difference).mean) < 2


@pytest.mark.slow
def test_its_python_runs_as_written(gallery: Any, tmp_path: Path) -> None:
    [code] = re.findall(r"^```python\n(.*?)^```", (DOCS / "gallery.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    assert (tmp_path / "heads.svg").stat().st_size > 10_000


def test_a_model_without_a_pronoun_is_refused(gallery: Any, two_languages: Bundle) -> None:
    with pytest.raises(SystemExit, match="without a pronoun; train it for longer"):
        gallery.facts(two_languages.trace("one two", "fr"))
