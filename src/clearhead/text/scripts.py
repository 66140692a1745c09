"""Which scripts a text is written in, and which of them a model learned to read: Latin, Hangul, Cyrillic and so on."""

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from clearhead.text.normalizing import normal_form
from clearhead.text.tokenizer import Tokenizer

# Scripts whose letters are quantities, units and names of points, in every language.
_SYMBOLS = {"LATIN", "GREEK", "CYRILLIC", "HEBREW"}
_LETTERS = re.compile(r"[^\W\d_]+")
# A script that makes up less than this of what was read was met, as in a name or a formula, and not learned.
_LEAST_SHARE = 0.01
# With fewer pieces of words than this, a model reads single bytes, in which every script looks the same.
_LEAST_PIECES = 16
_LOOKED_AT = 10_000


def scripts_of(text: str, alone: bool = False) -> Counter[str]:
    """How many letters of each script stand in the words of `text`, as in `Counter(LATIN=12, HANGUL=3)`.

    A script is the first word of its letters' Unicode names. Full-width and decorated letters count as the plain ones,
    accents as nothing. A letter that stands alone, as in "50 Ω", is a symbol where its script lends symbols, and is not
    counted; with `alone` it is.
    """
    plain = "".join(one for one in normal_form(text, "NFKC") if not unicodedata.category(one).startswith("M"))
    found: Counter[str] = Counter()
    for word in _LETTERS.findall(plain):
        scripts = [_script(letter) for letter in word]
        if alone or len(scripts) > 1 or scripts[0] not in _SYMBOLS:
            found.update(scripts)
    return found


@functools.lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    return unicodedata.name(letter, "UNKNOWN").partition(" ")[0]


def learned_scripts(tokenizer: Tokenizer, counts: Sequence[int] | None = None) -> tuple[str, ...]:
    """The scripts that a model learned to read, sorted.

    counts: how often each id of `tokenizer` stood in the sources that it was trained on. Without them, the scripts of
    which the tokenizer has pieces of words. A script that is cut into bytes or single letters was not learned, but by a
    tokenizer that has no other pieces than characters. None are named where nearly everything is cut into bytes.
    """
    pieces = list(tokenizer.decode_many([one] for one in range(tokenizer.size)))
    characters = not tokenizer.byte_ids and max(map(len, pieces)) <= 1
    words = [scripts_of(piece, alone=characters) for piece in pieces]
    if sum(map(bool, words)) < _LEAST_PIECES:
        return ()
    found: Counter[str] = Counter()
    for scripts, count in zip(words, [1] * len(words) if counts is None else counts, strict=True):
        for script, letters in scripts.items():
            found[script] += letters * int(count)
    least = _LEAST_SHARE * found.total()
    return tuple(sorted(script for script, letters in found.items() if letters >= least and letters))


def unread_scripts(text: str, learned: Iterable[str]) -> tuple[str, ...]:
    """The scripts of `text` that are not among the `learned` ones, where they are most of it; else none.

    Of a text of megabytes the beginning is looked at, which is more than a model reads.
    """
    found, known = scripts_of(text[:_LOOKED_AT]), frozenset(learned)
    unread: Mapping[str, int] = {script: letters for script, letters in found.items() if script not in known}
    return tuple(sorted(unread)) if 2 * sum(unread.values()) > found.total() else ()
