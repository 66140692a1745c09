"""Numbers as a pencil writes them."""

from fractions import Fraction

import pytest

from clearhead.byhand.numbers import inside, read, rounded, written
from clearhead.errors import UsageError


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [(0.885, 2, "0.89"), (-0.885, 2, "−0.89"), (0.884999, 2, "0.88"), (2.5, 0, "3"), (-2.5, 0, "−3"), (0.0, 2, "0.00")],
)
def test_a_half_goes_away_from_zero(value: float, places: int, expected: str) -> None:
    assert written(rounded(value, places), places) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("11", "11"), ("-2", "−2"), ("1/2", "0.5"), ("-9/4", "−2.25"), ("1/3", "1/3"), ("-7/3", "−7/3"), ("0", "0")],
)
def test_an_exact_number_is_written_exactly(value: str, expected: str) -> None:
    assert written(Fraction(value)) == expected


@pytest.mark.parametrize(("value", "expected"), [("-2", "(−2)"), ("1/3", "(1/3)"), ("0.5", "0.5")])
def test_brackets_within_a_sum(value: str, expected: str) -> None:
    assert inside(Fraction(value)) == expected


@pytest.mark.parametrize(("text", "expected"), [("−2", -2), (" 0.5", Fraction(1, 2)), ("1/3", Fraction(1, 3))])
def test_what_a_person_types(text: str, expected: Fraction) -> None:
    assert read(text) == expected


@pytest.mark.parametrize("text", ["", "two", "1/0", "nan", "1,5", "1e999999999", "1" * 41])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(UsageError, match=r"is not a number; write 3, -2, 0.5 or 1/3"):
        read(text)
