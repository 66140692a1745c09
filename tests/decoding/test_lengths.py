"""How long a target may grow."""

import math

import pytest

from clearhead.decoding.lengths import LengthLimit, greatest_length
from clearhead.errors import DecodingError
from clearhead.text.utf8 import Utf8Automaton


def test_a_length_limit_is_factor_times_source_plus_extra() -> None:
    """2 · 7 + 20 = 34; a prefix needs itself and one token more; the model's limit caps both."""
    assert LengthLimit().tokens(7, 0, 100) == 34
    assert LengthLimit(1.5, 1).tokens(7, 0, 100) == 11
    assert LengthLimit(0.0, 1).tokens(7, 5, 100) == 6
    assert LengthLimit().tokens(7, 0, 30) == 30
    with pytest.raises(DecodingError, match="may leave no token"):
        LengthLimit(0.0, 0)


@pytest.mark.parametrize("limits", [(math.nan, 20), (math.inf, 20), (2.0, -1), (-1.0, 20), (2.0, 10**10)])
def test_a_length_limit_has_bounds(limits: tuple[float, int]) -> None:
    with pytest.raises(DecodingError, match=r"must be a (whole )?number from 0"):
        LengthLimit(*limits)


def test_a_prefix_has_room_to_end_its_last_character() -> None:
    """After one byte of a character of three, two bytes and one token more: 1 + 2 + 1."""
    utf8 = Utf8Automaton.of([*(bytes([byte]) for byte in range(256)), None])
    assert greatest_length([5, 256], [0xE3], LengthLimit(0.0, 1), utf8, 100) == 4
    assert greatest_length([5, 256], [0xE3], LengthLimit(0.0, 1), None, 100) == 2
    assert greatest_length([5, 256], [], LengthLimit(2.0, 20), utf8, 100) == 24
