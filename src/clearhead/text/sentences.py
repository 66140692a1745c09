"""Texts of several sentences, cut so that the parts joined are the text again, to the last space.

Where `sentencex` is installed, it says where sentences end, in some three hundred languages; otherwise rules of our own
do. It never sees a line break, at which a sentence ends anyhow, and what it gives is taken only where it is the text.
"""

import functools
import importlib
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from clearhead.text.blank import is_blank

# After these a sentence ends, with what closes quotes and brackets behind them; in the second without a space. A run of
# them is looked at once, from its first: nothing here takes longer than in proportion to the text.
_END: Final = re.compile(
    r"(?<![.!?…؟।])[.!?…؟।]++[\"'”’»)\]]*+(?=\s)|(?<![。！？｡])[。！？｡]++[」』”’）\"')]*+(?=[^」』”’）\"')])"
)
_WIDE_END: Final = re.compile(r"[。！？｡][」』”’）\"')]*$")
_NEXT: Final = re.compile(r"\s*+(\S?)")
# What stands before a full stop that ends no sentence: an initial, and words that are cut short.
_INITIAL: Final = re.compile(r"(?:^|[\s.])[^\W\d_]\.$")
_SHORT: Final = re.compile(
    r"(?:^|[\s(])(?:Mr|Mrs|Ms|Dr|Prof|St|Mme|Mlle|MM|Hr|Fr|Sr|Sra|No|vs|etc|cf|env|p|pp|vol|fig|ca|bzw|z\.B|e\.g|i\.e)\.$",
    re.IGNORECASE,
)
# The number of what follows in a list, at its beginning.
_LISTED: Final = re.compile(r"\s*+\d{1,3}\.")
# What goes on with a sentence after what was said in it: Japanese quoting particles.
_QUOTING: Final = re.compile(r"(?:と|って|という|との)")
# So much of a text's end tells whether one of these stands there.
_TAIL: Final = 16
_CLOSING: Final = frozenset("»”’)]")
_Cut = Callable[[str, str], Iterable[str]]


class Part(NamedTuple):
    """A sentence, or what stands between two: spaces, line breaks, and what cannot be seen."""

    text: str
    is_sentence: bool


def parts(text: str, language: str | None = None) -> list[Part]:
    """The sentences of a text and all that is between them: joined, they are the text.

    language: a code such as `fr`, by which abbreviations are known; English where None is given.
    """
    found: list[Part] = []
    for line in text.splitlines(keepends=True):
        content = line.rstrip("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029")
        for sentence in _joined(_cut(content, language or "en")):
            found += _spaced(sentence)
        if len(content) < len(line):
            found.append(Part(line[len(content) :], False))
    return found


def _cut(line: str, language: str) -> list[str]:
    """What a line is cut into, by sentencex where it gives the line back, or else by rules."""
    if not line.strip():
        return [line]
    cut = _sentencex()
    if cut is not None:
        try:
            found = list(cut(language, line))
        # It is compiled from Rust, whose panics are no `Exception`; what stops a program is none of them.
        except (KeyboardInterrupt, SystemExit, MemoryError):
            raise
        except BaseException:
            found = []
        if "".join(found) == line:
            return found
    return list(_by_rules(line))


@functools.cache
def _sentencex() -> _Cut | None:
    try:
        module: Any = importlib.import_module("sentencex")
    except ImportError:
        return None
    segment: _Cut = module.segment
    return segment


def _by_rules(line: str) -> Iterator[str]:
    start = 0
    for match in _END.finditer(line):
        end = match.end()
        following = _NEXT.match(line, end)
        if following is None or following[1].islower() or following[1] in _CLOSING:
            continue
        if _goes_on(line[max(start, end - _TAIL) : end]):
            continue
        yield line[start:end]
        start = end
    yield line[start:]


def _joined(cut: Iterable[str]) -> list[str]:
    """Those that were one sentence are one again: after an initial, inside a number, and around what is said."""
    found: list[list[str]] = []
    for piece in cut:
        if found and not _is_border(found[-1][-1][-_TAIL:], piece):
            found[-1].append(piece)
        else:
            found.append([piece])
    return ["".join(pieces) for pieces in found]


def _is_border(before: str, after: str) -> bool:
    """Whether a sentence ends between what ends with `before` and `after`."""
    ended = before.rstrip()
    if not ended:
        return True
    if _goes_on(ended):
        return False
    if ended != before or after[:1].isspace():
        return True
    # Without a space a sentence ends where the script has none.
    return bool(_WIDE_END.search(ended)) and not (ended[-1] in "」』”’" and _QUOTING.match(after))


def _goes_on(tail: str) -> bool:
    """Whether a sentence goes on after this full stop."""
    return bool(_INITIAL.search(tail) or _SHORT.search(tail) or _LISTED.fullmatch(tail))


def _spaced(sentence: str) -> Iterator[Part]:
    """A sentence without the spaces around it, and these."""
    inner = sentence.strip()
    if is_blank(inner):
        if sentence:
            yield Part(sentence, False)
        return
    start = sentence.index(inner)
    if start:
        yield Part(sentence[:start], False)
    yield Part(inner, True)
    if start + len(inner) < len(sentence):
        yield Part(sentence[start + len(inner) :], False)
