"""How people write numbers that YAML reads as text: 1,000 and 1 000, 0,1 and 10%, 1k, 10^6, 500 steps."""

import json
import re
from fractions import Fraction
from typing import Any, Final

_THOUSANDS: Final = re.compile(r"([-+]?\d{1,3})((?:[, '’.\u00a0\u2009\u202f]\d{3})+)(\.\d+)?")
_DECIMAL_COMMA: Final = re.compile(r"([-+]?\d+),(\d+)")
_POWER: Final = re.compile(r"(\d{1,4})\s*(?:\^|\*\*)\s*(-?\d{1,2})")
_TIMES_POWER: Final = re.compile(r"([-+]?\d+(?:\.\d+)?)\s*[*x×]\s*10\s*(?:\^|\*\*)\s*(-?\d{1,2})")
_NUMBER: Final = r"[-+]?\d+(?:[.,]\d+)?"
_SHARE: Final = re.compile(rf"({_NUMBER})\s*(?:%|percent|pct|퍼센트|프로)", re.IGNORECASE)
_LETTER: Final = re.compile(rf"({_NUMBER})\s*(k|m|b|thousand|million|billion|천|만|백만|억)", re.IGNORECASE)
_FRACTION: Final = re.compile(r"(\d+)\s*/\s*([1-9]\d*)")
_WITH_UNIT: Final = re.compile(rf"({_NUMBER}(?:e[-+]?\d+)?)\s*[^\W\d_][\w ]*", re.IGNORECASE)
_TIMES: Final = {
    **dict.fromkeys(("k", "thousand", "천"), 10**3), "만": 10**4, **dict.fromkeys(("m", "million", "백만"), 10**6),
    "억": 10**8, **dict.fromkeys(("b", "billion"), 10**9),
}  # fmt: skip
_MOST: Final = 40
# No setting is as great.
_GREATEST: Final = 10**15


def remedy_for(text: str) -> str | None:
    """How to write what `text` means as a number, as in "write 1000, without the comma"; None where it means none."""
    text = text.strip()
    if len(text) > _MOST:
        return None
    if found := _THOUSANDS.fullmatch(text):
        sign = {",": "the comma", ".": "the point"}.get(found[2][0], "a sign between the digits")
        sign = "the space" if found[2][0].isspace() else sign
        return f"write {found[1]}{re.sub(r'[^0-9]', '', found[2])}{found[3] or ''}, without {sign}"
    if found := _DECIMAL_COMMA.fullmatch(text):
        return f"write {found[1]}.{found[2]}, with a point"
    if (value := _computed(text)) is not None and abs(value) < _GREATEST:
        return f"write {_plain(value)}"
    if found := _WITH_UNIT.fullmatch(text):
        return f"write the number alone, {_plain(_number(found[1]))}"
    return None


def _computed(text: str) -> Fraction | None:
    if found := _SHARE.fullmatch(text):
        return _number(found[1]) / 100
    if found := _LETTER.fullmatch(text):
        return _number(found[1]) * _TIMES[found[2].lower()]
    if found := _TIMES_POWER.fullmatch(text):
        return _number(found[1]) * Fraction(10) ** int(found[2])
    if (found := _POWER.fullmatch(text)) and int(found[1]):
        return Fraction(int(found[1])) ** int(found[2])
    if found := _FRACTION.fullmatch(text):
        return Fraction(int(found[1]), int(found[2]))
    return None


def _number(text: str) -> Fraction:
    return Fraction(text.replace(",", "."))


def _plain(number: Fraction) -> str:
    """Digits as YAML reads them."""
    return str(number.numerator) if number.denominator == 1 else f"{float(number):.6g}"


def shown(value: Any) -> str:
    """A value as YAML has it, in one short line."""
    is_plain = isinstance(value, str | int | float) and not isinstance(value, bool)
    text = repr(value) if is_plain else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."
