"""Which scripts a language is written in, by its code: ISO 639-1, or 639-3 where it has no shorter one."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# As `scripts_of` names scripts. A language may have several.
_LANGUAGES: Final = {
    "LATIN": "af az br bs ca ceb cs cy da de en eo es et eu fi fil fo fr fy ga gd gl ha hr ht hu id ig is it jv la lb "
    "lt lv "
    "mg mi ms mt nb nl nn no oc pl pt qu rm ro rw sk sl sm sn so sq sr st su sv sw tk tl tn tr uz vi wo xh yo zu",
    "CYRILLIC": "az ba be bg ce cv kk ky mk mn os ru sah sr tg tk tt uk uz",
    "GREEK": "el",
    "ARMENIAN": "hy",
    "GEORGIAN": "ka",
    "HEBREW": "he yi",
    "ARABIC": "ar arz az ckb fa ps sd ug ur",
    "SYRIAC": "syc",
    "THAANA": "dv",
    "DEVANAGARI": "hi mr ne sa bho mai",
    "BENGALI": "as bn",
    "GURMUKHI": "pa",
    "GUJARATI": "gu",
    "ORIYA": "or",
    "TAMIL": "ta",
    "TELUGU": "te",
    "KANNADA": "kn",
    "MALAYALAM": "ml",
    "SINHALA": "si",
    "THAI": "th",
    "LAO": "lo",
    "TIBETAN": "bo dz",
    "MYANMAR": "my",
    "KHMER": "km",
    "ETHIOPIC": "am ti",
    "MONGOLIAN": "mn",
    "HANGUL": "ko",
    "CJK": "ja ko wuu yue zh",
    "BOPOMOFO": "zh",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "KATAKANA-HIRAGANA": "ja",
}
_SCRIPTS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        code: frozenset(script for script, codes in _LANGUAGES.items() if code in codes.split())
        for code in sorted({code for codes in _LANGUAGES.values() for code in codes.split()})
    }
)


def scripts_for(language: str) -> frozenset[str]:
    """The scripts of a language, as in ko or pt-BR; none where it is not known."""
    return _SCRIPTS.get(language.replace("_", "-").partition("-")[0].lower(), frozenset())
