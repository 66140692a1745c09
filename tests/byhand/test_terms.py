"""A formula's functions as a pencil does them."""

import math
from fractions import Fraction

import pytest

from clearhead.byhand.sheet import saying
from clearhead.byhand.terms import ENDLESS, ON_TERMS, Row, Term, left_out, term
from clearhead.tracing.formulas import Formula, compute, cos, exp, greatest, mean, named, sin, sqrt, total, where

x, y, z, xs = named("x y z xs")
HIDDEN = term(saying("−∞", precise=-math.inf))


def done(formula: Formula, **known: Term | Row | Fraction) -> Term:
    found: Term = compute(formula, known.__getitem__, ON_TERMS)
    return found


def of(*numbers: int | str) -> Row:
    return Row([term(Fraction(one)) for one in numbers])


@pytest.mark.parametrize(
    ("formula", "numbers", "value", "text"),
    [
        (x + y, ("-2", "4"), "2", "−2 + 4"),
        (x + y, ("2", "-4"), "-2", "2 + (−4)"),
        (x - y, ("1/3", "2/3"), "-1/3", "1/3 − (2/3)"),
        (x * y, ("-1", "-3"), "3", "(−1) · (−3)"),
        (x / y, ("-3", "4"), "-3/4", "−3 ÷ 4"),
        ((x + y) / 2, ("1", "3"), "2", "(1 + 3) ÷ 2"),
        ((x - y) ** 2, ("1", "3"), "4", "(1 − 3)²"),
        (sqrt(x), ("9",), "3", "√9"),
        (sqrt(x), ("4/9",), "2/3", "√(4/9)"),
        (exp(x), ("0",), "1", "e^0"),
        (10_000.0 ** (x / y), ("2", "4"), "100", "10000^(2/4)"),
        (sin(x / y), ("0", "100"), "0", "sin(0/100)"),
        (cos(x / y), ("0", "1"), "1", "cos(0)"),
    ],
)
def test_what_comes_out_even_is_exact(formula: Formula, numbers: tuple[str, ...], value: str, text: str) -> None:
    found = done(formula, **dict(zip("xy", (term(Fraction(one)) for one in numbers), strict=False)))
    assert (found.value, found.text) == (Fraction(value), text)
    assert isinstance(found.value, Fraction)


@pytest.mark.parametrize(
    ("formula", "number", "value"),
    [(sqrt(x), 2, math.sqrt(2)), (exp(x), -2, math.exp(-2)), (sin(x), 3, math.sin(3)),
     (10_000.0**x, Fraction(1, 8), 10**0.5)],
)  # fmt: skip
def test_what_does_not_is_a_float(formula: Formula, number: Fraction, value: float) -> None:
    found = done(formula, x=term(Fraction(number)))
    assert isinstance(found.value, float)
    assert found.value == pytest.approx(value, rel=1e-15)


def test_of_rows() -> None:
    row = of(3, -1, 4)
    assert (done(total(xs), xs=of(3, 0, 4)).value, done(total(xs), xs=of(3, 0, 4)).text) == (7, "3 + 4")
    assert (done(mean(xs), xs=row).value, done(mean(xs), xs=row).text) == (2, "(3 + (−1) + 4) ÷ 3")
    assert done(greatest(xs), xs=row).value == 4
    assert done(mean((xs - y) ** 2), xs=row, y=term(Fraction(2))).text == "((3 − 2)² + (−1 − 2)² + (4 − 2)²) ÷ 3"


def test_precise_numbers_go_their_own_way() -> None:
    third = Term(Fraction("0.33"), 1 / 3, "0.33")
    found = done(x * y + x, x=third, y=term(Fraction(3)))
    assert found.value == Fraction("1.32")
    assert found.precise == pytest.approx(4 / 3, rel=1e-15)


def test_a_product_adds_no_zero_and_a_number_does() -> None:
    zero = term(Fraction(0))
    assert done(x * y + z, x=term(Fraction(2)), y=term(Fraction(3)), z=zero).text == "2 · 3"
    assert done(x + z, x=term(Fraction(2)), z=zero).text == "2 + 0"


def test_what_is_left_out_on_paper_counts_for_the_computer() -> None:
    """ε under the root; 0 ÷ 0 of a row of equal numbers is 0."""
    found = done(sqrt(x + y), x=term(Fraction(4)), y=left_out(0.41))
    assert (found.value, found.text, found.precise) == (2, "√4", pytest.approx(2.1))
    nothing = done(x * y / z, x=term(Fraction(2)), y=term(Fraction(0)), z=Term(Fraction(0), 0.1, "0"))
    assert (nothing.value, nothing.text) == (0, "2 · 0")


def test_a_mask() -> None:
    hidden = done(where(y, x, -Formula("z")), x=term(Fraction(3)), y=term(Fraction(0)), z=ENDLESS)
    assert (hidden.value, hidden.precise) == (None, -math.inf)
    kept = term(Fraction(3))
    assert done(where(y, x, -Formula("z")), x=kept, y=term(Fraction(1)), z=ENDLESS) is kept
    assert done(greatest(xs), xs=Row([HIDDEN, kept])).value == 3
    less = done(x - y, x=HIDDEN, y=kept)
    assert (less.value, less.text) == (None, "−∞ − 3")
    power = done(exp(x), x=HIDDEN)
    assert (power.value, power.text) == (0, "e^(−∞)")


def test_a_word_is_no_number() -> None:
    with pytest.raises(TypeError, match="am is no number"):
        done(x + y, x=term(saying("am")), y=term(Fraction(1)))
