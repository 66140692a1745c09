"""What a search's settings may be, each range said once: for recipes, the checks, `--help` and the reference."""

import math
from collections.abc import Mapping
from numbers import Integral, Real
from types import MappingProxyType
from typing import Any

from clearhead.errors import DecodingError

WHOLE: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        # A step looks at 2·beam_size continuations of beam_size hypotheses, so its time grows with the square.
        "beam_size": (1, 1024),
        "top_beams": (1, 1024),
        "beam_groups": (1, 1024),
        "n": (1, 1024),
        "max_tokens": (1, 10**6),
        "min_tokens": (0, 10**6),
        "no_repeat_ngram_size": (0, 10**6),
        "messages": (1, 10**6),
        "top_k": (1, 10**6),
        "seed": (0, 2**64 - 1),
        "batch_tokens": (1, 10**9),
        "workers": (1, 1024),
        "ahead": (1, 10**6),
        "extra": (0, 10**9),
        "context": (0, 2**20),
    }
)
"""The least and the greatest of each whole number."""

REAL: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        # Beyond it a draw is the likeliest token, or an even one, and further away numbers overflow.
        "temperature": (1e-3, 1e6),
        "top_p": (1e-9, 1.0),
        # So that length^alpha is a number for every length.
        "alpha": (0.0, 10.0),
        "repetition_penalty": (1e-3, 1e3),
        "coverage_penalty": (0.0, 1e3),
        "diversity_penalty": (0.0, 1e3),
        "factor": (0.0, 1000.0),
    }
)
"""The least and the greatest of each real number."""


def whole(name: str, value: object, remedy: str = "") -> int:
    """The value, where it is a whole number in the range of `name`; DecodingError says the range otherwise.

    Python's and numpy's whole numbers are taken; True, 2.0 and "2" are none.
    """
    low, high = WHOLE[name]
    if type(value) is int and low <= value <= high:  # Nearly always, and soon seen.
        return value
    if not isinstance(value, Integral) or isinstance(value, bool) or not low <= int(value) <= high:
        raise DecodingError(f"{name}={shown(value)} must be a whole number from {low} to {high}{_after(remedy)}")
    return int(value)


def real(name: str, value: object, remedy: str = "") -> float:
    """The value, where it is a number in the range of `name`; DecodingError says the range otherwise."""
    low, high = REAL[name]
    number: Any = value  # Compared as it is: a whole number may be too great for a float.
    if not isinstance(value, Real) or isinstance(value, bool) or not low <= number <= high:
        raise DecodingError(f"{name}={shown(value)} must be a number from {low:.9g} to {high:.9g}{_after(remedy)}")
    return float(number)


def token_id(name: str, value: object) -> int:
    """The value, where it is a whole number of 0 or more; DecodingError otherwise."""
    if type(value) is int and value >= 0:
        return value
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 0:
        raise DecodingError(f"{name}={shown(value)} must be an id of 0 or more; take it from the tokenizer")
    return int(value)


def shown(value: object) -> str:
    """A value as one short line, whatever it is."""
    if isinstance(value, int) and value.bit_length() > 64:
        return f"a number with {int(value.bit_length() * math.log10(2)) + 1} digits"
    text = " ".join(repr(value).split())
    return text if len(text) <= 40 else f"{text[:39]}…"


def _after(remedy: str) -> str:
    return remedy and f"; {remedy}"
