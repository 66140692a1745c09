"""What people call languages, in the names of files and columns and on a command line: korean, kor, 한국어."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# The codes of ISO 639-2, and names: those of the language itself, in English, and in Korean.
_NAMES: Final[Mapping[str, str]] = {
    "ar": "ara arabic العربية", "cs": "ces cze czech čeština", "da": "dan danish",
    "de": "deu ger german deutsch 독일어", "el": "ell gre greek", "en": "eng english anglais 영어",
    "es": "spa spanish español espanol 스페인어", "et": "est estonian", "fa": "fas per persian farsi",
    "fi": "fin finnish", "fr": "fra fre french français francais 프랑스어", "he": "heb hebrew", "hi": "hin hindi हिन्दी",
    "hu": "hun hungarian", "id": "ind indonesian", "it": "ita italian italiano", "ja": "jpn japanese 日本語 일본어",
    "ko": "kor korean coréen 한국어 한글", "nl": "nld dut dutch nederlands", "no": "nor norwegian",
    "pl": "pol polish polski", "pt": "por portuguese português portugues", "ro": "ron rum",
    "ru": "rus russian русский 러시아어", "sv": "swe swedish", "sw": "swa swahili", "tr": "tur turkish türkçe",
    "uk": "ukr ukrainian українська", "vi": "vie vietnamese 베트남어", "zh": "zho chi cmn chinese 中文 중국어",
}  # fmt: skip
LANGUAGE_NAMES: Final = MappingProxyType({name: code for code, names in _NAMES.items() for name in names.split()})
"""The code of a language (ISO 639-1) by its other codes and names, which are in lower case."""
