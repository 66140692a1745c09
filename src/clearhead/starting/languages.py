"""Which languages files or columns are in, as their names say: `train.en`, `en-fr.tsv`, a column "한국어"."""

import itertools
import re
from collections.abc import Sequence
from typing import Final

from clearhead.text import scripts_for
from clearhead.text.language_names import LANGUAGE_NAMES

Languages = tuple[str | None, str | None]
NONE: Final[Languages] = (None, None)


def language_of(name: str) -> str | None:
    """The code of a language by its name or code, as in English, en, en-US or pt_BR; None for any other word."""
    word = name.strip()
    if found := LANGUAGE_NAMES.get(word.casefold()):
        return found
    is_code = re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z]{2,4})?", word) is not None
    return word.replace("_", "-") if is_code and scripts_for(word) else None


def of_two_files(one: str, other: str) -> Languages:
    """Those that tell two names apart: en and de of train.en and train.de; nothing where one is unknown."""
    parts, others = _words(one), _words(other)
    if len(parts) != len(others):
        return NONE
    differing = [pair for pair in zip(parts, others, strict=True) if pair[0] != pair[1]]
    if len(differing) != 1:
        return NONE
    return _both([language_of(word) for word in differing[0]])


def of_one_file(name: str) -> Languages:
    """Two that stand beside each other in a file's name, as in pairs.en-fr.tsv."""
    words = [language_of(word) for word in _words(name)]
    pairs = (pair for pair in itertools.pairwise(words) if _both(pair) != NONE)
    return next(pairs, NONE)


def of_columns(names: Sequence[str | int | None]) -> Languages:
    """Those that two columns are called after; of `translation.en` the last part counts."""
    return _both([language_of(str(name or "").rpartition(".")[2]) for name in names])


def _both(found: Sequence[str | None]) -> Languages:
    one, other = found
    return (one, other) if one and other and one != other else NONE


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[\W_]+", name) if word]
