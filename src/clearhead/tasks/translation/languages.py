"""Which language somebody means who writes another name of it than the model does: kr for ko, English for en."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Final

from clearhead.text.language_names import LANGUAGE_NAMES

# Countries and older codes that are taken for languages; some of them are words, and no part of a file's name.
_LOOSE: Final[Mapping[str, str]] = {
    "cs": "cz", "da": "dk", "de": "at", "el": "gr", "en": "us gb uk", "es": "sp mx", "et": "ee", "fa": "ir",
    "he": "iw il", "hi": "in", "ja": "jp jap", "ko": "kr", "no": "nb", "pt": "br", "sv": "se", "uk": "ua",
    "vi": "vn", "zh": "cn chn tw",
}  # fmt: skip
_CODE_OF: Final = {**LANGUAGE_NAMES, **{name: code for code, names in _LOOSE.items() for name in names.split()}}


def meant(asked: str, known: Iterable[str]) -> str | None:
    """The one of the `known` languages that `asked` is another name of, or is nearly; None where it is none."""
    languages = {language.casefold(): language for language in known}
    name = asked.strip().casefold()
    first = re.split("[-_]", name)[0]  # As in en-US and ko_KR.
    for one in (name, first, _CODE_OF.get(name, ""), _CODE_OF.get(first, "")):
        if one in languages:
            return languages[one]
    # A model's own names may be longer than codes.
    names = {full: code for full, code in _CODE_OF.items() if code in languages and len(full) > 3} | languages
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.7)
    return None if not near else languages.get(near[0]) or languages[_CODE_OF[near[0]]]
