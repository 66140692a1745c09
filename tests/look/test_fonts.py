"""Fonts that have the letters, and what is said where none has."""

import dataclasses
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from matplotlib.font_manager import FontProperties, fontManager

from clearhead.look import fonts
from clearhead.look.fonts import OWN, Fonts, numbered


@pytest.fixture
def only_matplotlibs_own(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without any font of its own."""
    own = [one for one in fontManager.ttflist if one.name.startswith("DejaVu")]
    monkeypatch.setattr(fontManager, "ttflist", own)
    monkeypatch.setattr(fonts, "_notice_new_fonts", lambda: None)
    fonts._tell.cache_clear()
    yield
    fonts._tell.cache_clear()


def test_letters_of_europe_need_no_other_font() -> None:
    found = Fonts(["L'animal n'a pas traversé la rue", "−∞ · →"])
    assert found.families == [OWN]
    assert found.drawable("été") == "été"


def test_korean_has_a_font_that_has_it() -> None:
    """`.ci/run` installs one."""
    if Fonts(["가"]).families == [OWN]:
        pytest.skip("no Korean font on this machine; Debian's is fonts-nanum")
    found = Fonts(["어텐션"])
    assert set("어텐션") <= set().union(*(fonts.letters(one) for one in found.families))
    assert found.drawable("어텐션") == "어텐션"


@pytest.mark.usefixtures("only_matplotlibs_own")
def test_without_a_font_a_line_says_so_once_and_numbers_are_drawn(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        found = [Fonts(["a가나"]) for _ in range(2)]
    assert found[0].families == [OWN]
    assert found[0].drawable("a가") == "a<AC00>"
    [line] = caplog.messages
    assert "no font on this machine has 가 나" in line
    assert "fonts-nanum" in line


def test_what_cannot_be_seen_is_shown_by_its_number() -> None:
    assert numbered("a\u202eb\x00\ud800") == "a<202E>b<0000><D800>"
    assert numbered("▁animal") == "_animal"


def test_regular_and_bold_are_there_without_a_word(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """matplotlib warns for each text whose font has no face of the very weight that was asked for."""
    [face, *_] = [one for one in fontManager.ttflist if (one.name, one.style, one.weight) == (OWN, "normal", 400)]
    odd = dataclasses.replace(face, name="Odd", weight=600)
    monkeypatch.setattr(fontManager, "ttflist", [*fontManager.ttflist, odd])
    fonts.letters.cache_clear()
    assert "a" in fonts.letters("Odd")
    with caplog.at_level(logging.WARNING):
        for weight in ("normal", "bold"):
            assert Path(fontManager.findfont(FontProperties(family=["Odd"], weight=weight))) == Path(face.fname)
    assert caplog.messages == []


def test_a_font_that_was_installed_after_matplotlib_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    [face, *_] = [one for one in fontManager.ttflist if one.name == OWN]
    others = [one for one in fontManager.ttflist if Path(one.fname).name != Path(face.fname).name]
    monkeypatch.setattr(fontManager, "ttflist", others)
    monkeypatch.setattr(fonts, "findSystemFonts", lambda: [str(face.fname)])
    fonts._notice_new_fonts.__wrapped__()
    assert str(face.fname) in {str(one.fname) for one in fontManager.ttflist}
