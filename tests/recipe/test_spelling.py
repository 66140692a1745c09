"""Numbers as people write them, and how a recipe wants them."""

import re

import pytest

from clearhead.recipe.plain_yaml import read_yaml
from clearhead.recipe.spelling import remedy_for


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("1,000", "write 1000, without the comma"),
        ("1,000,000", "write 1000000, without the comma"),
        ("1,234.5", "write 1234.5, without the comma"),
        ("1 000", "write 1000, without the space"),
        ("1\u00a0000", "write 1000, without the space"),
        ("1\u202f000", "write 1000, without the space"),
        ("1'000", "write 1000, without a sign between the digits"),
        ("1.000.000", "write 1000000, without the point"),
        ("0,1", "write 0.1, with a point"),
        ("-0,25", "write -0.25, with a point"),
        ("1k", "write 1000"),
        ("1K", "write 1000"),
        ("2.5 k", "write 2500"),
        ("1,5k", "write 1500"),
        ("3M", "write 3000000"),
        ("2만", "write 20000"),
        ("10%", "write 0.1"),
        ("12.5 %", "write 0.125"),
        ("10 percent", "write 0.1"),
        ("10^3", "write 1000"),
        ("10**-4", "write 0.0001"),
        ("2^12", "write 4096"),
        ("3 x 10^-4", "write 0.0003"),
        ("1/10", "write 0.1"),
        ("500 steps", "write the number alone, 500"),
        ("500steps", "write the number alone, 500"),
        ("1000스텝", "write the number alone, 1000"),
        ("many", None),
        ("", None),
        ("yes", None),
        ("1" * 50, None),
        ("0^-1", None),
        ("1/0", None),
        ("1,2,3", None),
        ("9999^99", None),
    ],
)
def test_the_remedy(text: str, remedy: str | None) -> None:
    assert remedy_for(text) == remedy


@pytest.mark.parametrize("text", ["1,000", "7k", "1/3", "0,05", "99 %", "2^-3", "12 tokens", "5 * 10**-20"])
def test_what_is_to_be_written_is_read_as_a_number(text: str) -> None:
    found = re.search(r"-?[0-9][0-9.e+-]*", remedy_for(text) or "")
    assert found
    assert isinstance(read_yaml(found[0], "a"), int | float)
