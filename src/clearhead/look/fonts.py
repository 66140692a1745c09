"""Fonts that have the letters of a text: matplotlib's own first, then whatever this machine has.

A letter that no font has would be drawn as an empty box. It is shown by its number instead, and one line says so.
"""

import dataclasses
import functools
import logging
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from matplotlib.font_manager import FontProperties, findSystemFonts, fontManager, get_font

# Comes with matplotlib, so that a picture of English or French looks the same everywhere.
OWN = "DejaVu Sans"
# Which to try first for what it does not have. They come with Linux distributions, Windows and macOS, in this order.
PREFERRED = (
    "NanumGothic", "Nanum Gothic", "Noto Sans KR", "Noto Sans CJK KR", "Malgun Gothic", "Apple SD Gothic Neo",
    "AppleGothic", "UnDotum",
)  # fmt: skip

SPACE = "▁"  # As heavy as a beam in most fonts.
REGULAR, BOLD = 400, 700  # Weights of fonts, from 100 (thin) to 900 (black).

log = logging.getLogger(__name__)


class Fonts:
    """The fonts for these texts.

    families: what matplotlib is given as `family`; it takes each letter from the first that has it.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        needed = {letter for text in texts for letter in numbered(text)}
        self.families = [OWN]
        missing = needed - letters(OWN)
        for name in _others() if missing else ():
            if missing & letters(name):
                self.families.append(name)
                missing -= letters(name)
            if not missing:
                break
        self._missing = frozenset(missing)
        if missing:
            _tell(self._missing)

    def drawable(self, text: str) -> str:
        """The text with each letter that has no font, and each that cannot be seen, by its number: <AC00>."""
        return "".join(_number(one) if one in self._missing else one for one in numbered(text))


def numbered(text: str) -> str:
    """Control characters, and those that turn the direction of text, by their number; a tokenizer's space as a line."""
    text = text.replace(SPACE, "_")
    return "".join(_number(one) if unicodedata.category(one) in {"Cc", "Cf", "Cs"} else one for one in text)


def _number(letter: str) -> str:
    return f"<{ord(letter):04X}>"


@functools.cache
def letters(family: str) -> frozenset[str]:
    """What a font can draw; nothing where its file cannot be read or only has pictures, as emoji fonts do."""
    try:
        _serve(family)
        font = get_font(fontManager.findfont(FontProperties(family=[family])))
        return frozenset(map(chr, font.get_charmap())) if font.scalable else frozenset()
    except (OSError, RuntimeError, ValueError):
        return frozenset()


def _others() -> list[str]:
    """Every other family on this machine, those that we prefer first."""
    _notice_new_fonts()
    known = {one.name for one in fontManager.ttflist}
    return [one for one in PREFERRED if one in known] + sorted(known - {OWN, *PREFERRED})


def _serve(family: str) -> None:
    """Let the nearest weight serve as regular and as bold: matplotlib would take it too, but say so each time."""
    faces = [one for one in fontManager.ttflist if one.name == family and one.style == "normal"]
    for weight in (REGULAR, BOLD) if faces else ():
        nearest = min(faces, key=lambda one: abs(int(one.weight) - weight))
        if nearest.weight != weight:
            fontManager.ttflist.append(dataclasses.replace(nearest, weight=weight))


@functools.cache
def _notice_new_fonts() -> None:
    """matplotlib keeps a list of fonts from its first use on; what was installed since then is not on it."""
    known = {Path(one.fname).name for one in fontManager.ttflist}
    for path in sorted(findSystemFonts()):
        if Path(path).name not in known:
            try:
                fontManager.addfont(path)
            except (OSError, RuntimeError):
                continue


@functools.cache
def _tell(missing: frozenset[str]) -> None:
    """Once for the same letters, however many pictures have them."""
    some = " ".join(sorted(missing)[:8]) + (" …" if len(missing) > 8 else "")
    log.warning(
        "no font on this machine has %s, so pictures show their numbers; install one that has, "
        "for Korean Debian's fonts-nanum or Noto Sans KR",
        some,
    )
