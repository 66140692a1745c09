"""Numbers as a pencil writes them: exact fractions, rounded half away from zero, and the sums that make them."""

import functools
import math
from fractions import Fraction

from clearhead.errors import UsageError

# The most decimals in which an exact number is written; 1/3 and the like stay fractions.
_DECIMALS = 4


def rounded(value: Fraction | float, places: int) -> Fraction:
    """`value` with so many decimals, a half going away from zero as it does at school.

    A float is first taken to 12 decimals: 0.285 must not round down because no float is 0.285.
    """
    exact = value if isinstance(value, Fraction) else Fraction(f"{value:.12f}")
    scaled = abs(exact) * 10**places
    whole = math.floor(scaled + Fraction(1, 2))
    return Fraction(whole if exact >= 0 else -whole, 10**places)


@functools.lru_cache(maxsize=4096)
def written(value: Fraction, places: int | None = None) -> str:
    """A number as it stands on a sheet: 11, −2, 0.88, 7/3. `places`: always so many decimals."""
    sign = "−" if value < 0 else ""
    if places is None and value.denominator == 1:
        places = 0
    if places is None:
        places = next((n for n in range(_DECIMALS + 1) if (value * 10**n).denominator == 1), None)
        if places is None:
            return f"{sign}{abs(value.numerator)}/{value.denominator}"
    digits = str(int(abs(value) * 10**places)).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def inside(value: Fraction, places: int | None = None) -> str:
    """The same within a sum, where a negative number and a fraction stand in brackets."""
    text = written(value, places)
    return f"({text})" if text.startswith("−") or "/" in text else text


def read(text: str) -> Fraction:
    """What a person typed: 3, -2, −2, 0.5 or 1/3. Raises UsageError for anything else."""
    try:
        # 1e999999999 would be a billion digits.
        if len(text) <= 40 and len(text.lower().partition("e")[2]) <= 3:
            return Fraction(text.strip().replace("−", "-"))
    except (ValueError, ZeroDivisionError):
        pass
    raise UsageError(f"{text.strip()[:40]!r} is not a number; write 3, -2, 0.5 or 1/3")
