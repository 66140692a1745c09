"""Which language somebody means who writes another name of it than the model does: kr for ko, English for en."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Final

# Countries and older codes that are taken for languages, the codes of ISO 639-2, and names.
_NAMES: Final[Mapping[str, str]] = {
    "ar": "ara arabic", "cs": "cz ces cze czech", "da": "dk dan danish", "de": "deu ger at german deutsch 독일어",
    "el": "gr ell gre greek", "en": "eng us gb uk english anglais 영어", "es": "spa sp mx spanish español 스페인어",
    "et": "ee est estonian", "fa": "ir fas per persian farsi", "fi": "fin finnish",
    "fr": "fra fre french français 프랑스어",
    "he": "iw il heb hebrew", "hi": "in hin hindi", "hu": "hun hungarian", "id": "ind indonesian",
    "it": "ita italian italiano", "ja": "jp jpn jap japanese 日本語 일본어", "ko": "kr kor korean coréen 한국어",
    "nl": "nld dut dutch", "no": "nb nor norwegian", "pl": "pol polish", "pt": "por br portuguese", "ro": "ron rum",
    "ru": "rus russian 러시아어", "sv": "se swe swedish", "sw": "swa swahili", "tr": "tur turkish",
    "uk": "ua ukr ukrainian", "vi": "vn vie vietnamese 베트남어", "zh": "cn chn zho chi tw chinese 中文 중국어",
}  # fmt: skip
_CODE_OF: Final = {name: code for code, names in _NAMES.items() for name in names.split()}


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
