"""The ranges of a search's settings."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearhead.bounds import REAL, WHOLE, real, shown, token_id, whole
from clearhead.errors import DecodingError

ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.lists(st.integers()),
    st.complex_numbers(),
)


@pytest.mark.parametrize("name", WHOLE)
def test_the_ends_of_a_range_are_in_it(name: str) -> None:
    """faults.md A17, C14."""
    low, high = WHOLE[name]
    assert (whole(name, low), whole(name, high)) == (low, high)
    for value in (low - 1, high + 1, float(low), str(low)):
        with pytest.raises(DecodingError, match=f"{name}=.* must be a whole number from {low} to {high}$"):
            whole(name, value)


@pytest.mark.parametrize("name", REAL)
def test_the_ends_of_a_real_range_are_in_it(name: str) -> None:
    low, high = REAL[name]
    assert (real(name, low), real(name, high)) == (low, high)
    for value in (np.nextafter(low, -1), np.nextafter(high, 1e9), str(low), None, True):
        with pytest.raises(DecodingError, match=f"^{name}=.* must be a number from"):
            real(name, value)


@given(ANYTHING)
def test_whatever_is_given_is_a_number_in_the_range_or_one_plain_line(value: Any) -> None:
    for check, name in ((whole, "beam_size"), (real, "temperature"), (token_id, "end")):
        taken: Any = None
        refused = ""
        try:
            taken = check(name, value)
        except DecodingError as error:
            refused = str(error)
        assert refused.isprintable()
        assert len(refused) < 160
        assert refused or taken == value
        assert refused or not isinstance(value, bool if check is real else bool | float)


def test_numbers_of_other_kinds() -> None:
    assert type(whole("workers", np.int16(3))) is int
    assert type(real("alpha", np.float32(0.5))) is float
    assert real("alpha", Fraction(1, 4)) == 0.25
    with pytest.raises(DecodingError, match="alpha=Decimal"):
        real("alpha", Decimal(1))


def test_the_remedy_ends_the_line() -> None:
    with pytest.raises(DecodingError, match=r"top_k=0 must be a whole number from 1 to 1000000; leave it out$"):
        whole("top_k", 0, "leave it out")


def test_a_value_is_shown_in_a_short_line() -> None:
    assert shown(1.5) == "1.5"
    assert shown("a\nb") == r"'a\nb'"
    assert shown(10**5000) == "a number with 5001 digits"
    assert shown(np.zeros((9, 9))).count("\n") == 0
    assert len(shown("x" * 999)) == 40
