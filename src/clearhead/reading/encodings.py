"""Which encoding a text that is not UTF-8 is in: each is tried, and what comes out must look like a language.

What is found is named in an error and never used by itself: a guess that is wrong would ruin a corpus in silence.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from clearhead.reading import alphabets
from clearhead.reading.compression import compression_named

# So much is looked at; more would tell nothing new.
_LOOKED_AT: Final = 1 << 16
# The share of frequent characters among those that are not ASCII. See `alphabets` for why it is so low for Asia.
_LEAST_OF_MANY, _LEAST_OF_FEW = 0.25, 0.8
# The same for UTF-16 and UTF-32 with ASCII and all alphabets; and where no mark says so, this many visible characters.
_LEAST_USUAL, _LEAST_VISIBLE = 0.4, 4
_MARKS: Final = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_ESCAPES: Final = ((re.compile(rb"\x1b\$[@B]"), "ISO-2022-JP"), (re.compile(rb"\x1b\$\)C"), "ISO-2022-KR"))


@dataclass(frozen=True)
class Encoding:
    """An encoding that fits a text.

    Attributes:
        name: as `iconv -f` takes it.
        people: whose it is, or another name that they know.
        evidence: how many characters speak for it; two of an alphabet count as one of Asia's.
    """

    name: str
    people: str
    evidence: int = 0

    def __str__(self) -> str:
        return f"{self.name} ({self.people})" if self.people else self.name

    def remedy(self, name: str) -> str:
        """The command that makes UTF-8 of it; `name` tells whether the file is compressed."""
        if compression := compression_named(name):
            return f"convert it with {compression.unpack} -c FILE | iconv -f {self.name} -t UTF-8 > NEW"
        return f"convert it with iconv -f {self.name} -t UTF-8 FILE > NEW"


@dataclass(frozen=True)
class _Candidate:
    name: str  # as iconv has it
    codec: str  # as Python has it
    people: str
    alphabets: tuple[str, ...]
    # Whether its letters stand in words beside those of ASCII, as in "café"; of another script they do not.
    is_latin: bool = False


_OF_MANY: Final = (
    _Candidate("CP949", "cp949", "Korean Windows", (alphabets.KOREAN,)),
    _Candidate("Shift-JIS", "shift_jis", "Japanese", (alphabets.JAPANESE,)),
    _Candidate("CP932", "cp932", "Shift-JIS, Japanese Windows", (alphabets.JAPANESE,)),
    _Candidate("EUC-JP", "euc_jp", "Japanese", (alphabets.JAPANESE,)),
    _Candidate("GB18030", "gb18030", "GBK, simplified Chinese", (alphabets.SIMPLIFIED,)),
    _Candidate("Big5", "big5", "traditional Chinese", (alphabets.TRADITIONAL,)),
    _Candidate("CP950", "cp950", "Big5, traditional Chinese Windows", (alphabets.TRADITIONAL,)),
)
_OF_FEW: Final = (
    _Candidate("LATIN1", "latin_1", "Latin-1, Western Europe", alphabets.WESTERN, is_latin=True),
    _Candidate("CP1252", "cp1252", "Latin-1 of Windows, Western Europe", alphabets.WESTERN, is_latin=True),
    _Candidate("CP1250", "cp1250", "Windows, Central Europe", alphabets.CENTRAL, is_latin=True),
    _Candidate("LATIN2", "iso8859_2", "Latin-2, Central Europe", alphabets.CENTRAL, is_latin=True),
    _Candidate("CP1254", "cp1254", "Turkish Windows", alphabets.TURKISH, is_latin=True),
    _Candidate("MACINTOSH", "mac_roman", "old Macs, Western Europe", alphabets.WESTERN, is_latin=True),
    _Candidate("CP850", "cp850", "DOS, Western Europe", alphabets.WESTERN, is_latin=True),
    _Candidate("CP1251", "cp1251", "Cyrillic Windows", (alphabets.CYRILLIC,)),
    _Candidate("KOI8-R", "koi8_r", "Russian", (alphabets.CYRILLIC,)),
    _Candidate("CP866", "cp866", "Russian DOS", (alphabets.CYRILLIC,)),
    _Candidate("CP1253", "cp1253", "Greek Windows", (alphabets.GREEK,)),
    _Candidate("CP1255", "cp1255", "Hebrew Windows", (alphabets.HEBREW,)),
    _Candidate("CP1256", "cp1256", "Arabic Windows", (alphabets.ARABIC,)),
    _Candidate("CP874", "cp874", "Thai Windows", (alphabets.THAI,)),
)
_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_LANGUAGES: Final = frozenset("".join(letters for one in (*_OF_MANY, *_OF_FEW) for letters in one.alphabets))


def is_utf8(content: bytes) -> bool:
    """Whether bytes are UTF-8."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def fitting(lines: bytes) -> Encoding | None:
    """The encoding of one byte or two a character that fits lines best which are not UTF-8; None where none does."""
    lines = lines[:_LOOKED_AT].rpartition(b"\n")[0] if len(lines) > _LOOKED_AT else lines
    if _CONTROLS.search(lines):
        return None
    for candidates, least in ((_OF_MANY, _LEAST_OF_MANY), (_OF_FEW, _LEAST_OF_FEW)):
        shares = [(*_share(lines, one), one) for one in candidates]
        # Of equals the first: Python's max takes it.
        share, hits, best = max(shares, key=lambda found: found[0])
        if share >= least:
            return Encoding(best.name, best.people, hits)
    return None


def foreign_encoding(head: bytes) -> Encoding | None:
    """The encoding of a text that begins with `head` where it is UTF-16, UTF-32, or one that switches by escapes."""
    for mark, name in _MARKS:
        if head.startswith(mark) and (found := _of_wide_characters(head, name, "")):
            return found
    for pattern, name in _ESCAPES:
        if pattern.search(head) and _decoded(head, name.lower().replace("-", "_")) is not None:
            return Encoding(name, "Japanese" if name.endswith("JP") else "Korean")
    if b"\x00" in head or not is_utf8(head.rpartition(b"\n")[0] or head):
        for name in ("UTF-32LE", "UTF-32BE", "UTF-16LE", "UTF-16BE"):
            if found := _of_wide_characters(head, name, "without a byte order mark"):
                return found
    return None


def _share(lines: bytes, candidate: _Candidate) -> tuple[float, int]:
    """What part of the characters that are not ASCII is frequent in one of an encoding's languages, and how many."""
    text = _decoded(lines, candidate.codec)
    if text is None:
        return 0.0, 0
    foreign = [letter for letter in text if letter > "\x7f"]
    if not foreign or _is_strange(foreign):
        return 0.0, 0
    if candidate in _OF_MANY:
        frequent_ones = frozenset(candidate.alphabets[0])
        hits = sum(letter in frequent_ones for letter in foreign)
        return hits / len(foreign), hits
    words = re.findall(r"[^\W\d_]+|[^\s\w]|\s", text)
    typographic = sum(letter in alphabets.TYPOGRAPHIC for letter in foreign)
    counts = (sum(_hits(word, letters, candidate.is_latin) for word in words) for letters in candidate.alphabets)
    hits = max(counts)
    # Two scripts may have their letters in the same places; only one has its frequent ones where those of the text are.
    letters = candidate.alphabets[0]
    frequent = 0.0 if candidate.is_latin else sum(1 - letters.index(one) / 40 for one in foreign if one in letters)
    return (hits + typographic + 0.1 * frequent) / len(foreign), _evidence(text, hits, typographic, candidate.is_latin)


def _evidence(text: str, hits: int, typographic: int, is_latin: bool) -> int:
    """How much speaks for an encoding of one byte a character, in which any bytes are letters of something."""
    if not is_latin:
        return hits // 2 if len(set(text)) > 4 else 0
    plain = sum(letter.isascii() and letter.isalpha() for letter in text)
    return hits + typographic if plain >= 2 * (hits + typographic) else 0


def _hits(word: str, letters: str, is_latin: bool) -> int:
    if word.isascii() or word in alphabets.TYPOGRAPHIC:
        return 0
    has_ascii = any(letter.isascii() for letter in word)
    if len(word) > 1 and has_ascii != is_latin:
        return 0
    # A capital stands at the start of a word, or the whole word is of capitals.
    plain = word if not is_latin and len(word) > 1 and word[1:] != word[1:].lower() else word.lower()
    return sum(letter > "\x7f" and letter in letters for letter in plain)


def _of_wide_characters(head: bytes, name: str, remark: str) -> Encoding | None:
    width = 4 if name.startswith("UTF-32") else 2
    if len(head) % width and len(head) < _LOOKED_AT:
        return None
    text = _decoded(head[: min(len(head), _LOOKED_AT) // width * width], name.lower().replace("-", "_"))
    if not text or _is_strange([one for one in text if not (" " <= one <= "~" or one in "\t\n\r\f")]):
        return None
    usual = sum(one in "\n\r\t" or " " <= one <= "~" or one in _LANGUAGES for one in text)
    visible = sum(one > " " for one in text)
    least = _LEAST_VISIBLE if remark and not _is_spread(text) else 1
    return Encoding(name, remark, visible) if visible >= least and usual >= _LEAST_USUAL * len(text) else None


def _is_spread(text: str) -> bool:
    """Whether wide characters are text of ASCII and Latin letters only, so that at least every second byte is zero."""
    is_text = all(one in "\n\r\t" or " " <= one <= "~" or ("\xa0" < one <= "\xff" and one.isalpha()) for one in text)
    return is_text and (len(text) > 2 or text.endswith("\n"))


def _is_strange(foreign: Sequence[str]) -> bool:
    """Whether characters beyond ASCII are controls, or none at all, oftener than new emoji could be."""
    counts = Counter(foreign)
    strange = sum(count for one, count in counts.items() if unicodedata.category(one) in {"Cc", "Cn", "Co"})
    return strange > 0.01 * len(foreign)


def _decoded(content: bytes, codec: str) -> str | None:
    try:
        return content.decode(codec)
    except (UnicodeDecodeError, LookupError):
        return None
