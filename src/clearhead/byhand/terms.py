"""The functions of formulas as a pencil does them: exactly where that is possible, and with the sum written out."""

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from clearhead.byhand.numbers import written
from clearhead.byhand.sheet import Cell
from clearhead.tracing.formulas import PLAIN

# What a text is, which decides about brackets and about adding 0; of an empty sum all products are 0.
_NUMBER, _SUM, _EMPTY_SUM, _PRODUCT = "number", "sum", "empty sum", "product"


@dataclasses.dataclass(frozen=True, slots=True)
class Term:
    """A number within a sum.

    value: as a pencil gets it, a float where it must be rounded; None for ∞ and −∞. precise: without any rounding.
    text: its sum, or the number itself; "" where paper leaves it out. cell: the place of the sheet where it stands.
    """

    value: Fraction | float | None
    precise: Fraction | float
    text: str
    form: str = _NUMBER
    cell: Cell | None = None

    @property
    def inside(self) -> str:
        """Within a sum, where a negative number, a fraction and another sum stand in brackets."""
        is_bare = self.form == _PRODUCT or not (self.form != _NUMBER or self.text.startswith("−") or "/" in self.text)
        return self.text if is_bare else f"({self.text})"

    @property
    def factor(self) -> str:
        """First of a product or quotient, where no sign needs brackets."""
        return self.inside if self.form in (_SUM, _EMPTY_SUM) else self.text


class Row(NamedTuple):
    """Terms side by side. is_silent: nothing is said of a product with one of them that is 0."""

    terms: Sequence[Term]
    is_silent: bool = False


def term(one: Cell | Fraction | float | int) -> Term:
    """What stands on the sheet, or a plain number."""
    if isinstance(one, Cell):
        return Term(one.value, one.precise, one.text, cell=one)
    number = Fraction(one) if isinstance(one, int) else one
    return Term(number, number, written(Fraction(one)))


def left_out(precise: float) -> Term:
    """A number too small to be added on paper."""
    return Term(Fraction(0), precise, "")


ENDLESS = Term(None, math.inf, "∞")


def _plus(one: Term, other: Term) -> Term:
    value, precise = _value(one) + _value(other), one.precise + other.precise
    if not other.text or (one.form != _NUMBER and not other.value):
        return dataclasses.replace(one, value=value, precise=precise, cell=None)
    return Term(value, precise, other.inside if one.form == _EMPTY_SUM else f"{one.text} + {other.inside}", _SUM)


def _minus(one: Term, other: Term) -> Term:
    if other is ENDLESS:
        return Term(None, -math.inf, "")
    text = f"{one.text} − {other.inside}"
    if one.value is None:
        return Term(None, one.precise, text, _SUM)
    return Term(one.value - _value(other), one.precise - other.precise, text, _SUM)


def _times(one: Term, other: Term) -> Term:
    text = f"{one.inside} · {other.inside}"
    return Term(_value(one) * _value(other), one.precise * other.precise, text, _PRODUCT)


def _divided(one: Term, other: Term) -> Term:
    if not one.value and not other.value:
        # A row of equal numbers, normalised: what stays away from 0 on a computer is left out on paper.
        return dataclasses.replace(one, precise=float(one.precise) / float(other.precise))
    text = f"{one.factor} ÷ {other.inside}"
    return Term(_value(one) / _value(other), one.precise / other.precise, text, _PRODUCT)


def _power(one: Term, exponent: Term) -> Term:
    value, precise = _value(one) ** _value(exponent), one.precise**exponent.precise
    if exponent.value == 2:
        return Term(value, precise, f"{one.inside}²", _PRODUCT)
    text = f"{one.text}^({_as_fraction(exponent)})"
    if math.isclose(value, round(value)):
        value = precise = Fraction(round(value))
    return Term(value, precise, text, _PRODUCT)


def _exp(one: Term) -> Term:
    precise = math.exp(one.precise)
    if not one.value:  # −∞ or 0.
        return Term(Fraction(one.value is not None), precise, f"e^({one.text})" if one.value is None else "e^0")
    return Term(math.exp(one.value), precise, f"e^({one.text})", _PRODUCT)


def _sqrt(one: Term) -> Term:
    value = Fraction(_value(one))
    root = Fraction(math.isqrt(value.numerator), math.isqrt(value.denominator))
    text = f"√{one.inside}"
    return Term(root if root**2 == value else math.sqrt(value), math.sqrt(one.precise), text, _PRODUCT)


def _wave(name: str, one: Term) -> Term:
    function = {"sin": math.sin, "cos": math.cos}[name]
    found, precise = function(_value(one)), function(one.precise)
    return Term(Fraction(found) if one.value == 0 else found, precise, f"{name}({_as_fraction(one)})", _PRODUCT)


def _as_fraction(one: Term) -> str:
    return one.text.removesuffix(" ÷ 1").replace(" ÷ ", "/")


def _larger(one: Term, other: Term) -> Term:
    value = max(_value(one), _value(other))
    return Term(value, max(one.precise, other.precise), f"max({one.text}, {other.text})", _PRODUCT)


def _where(which: Term | Fraction | float | int, one: Term, other: Term) -> Term:
    return one if (which.value if isinstance(which, Term) else which) else other


def _total(row: Row) -> Term:
    text = " + ".join(one.text for one in row.terms if one.value)
    return Term(sum(map(_value, row.terms), Fraction(0)), _precise_sum(row.terms), text, _SUM)


def _mean(row: Row) -> Term:
    terms, count = row.terms, len(row.terms)
    added = " + ".join(one.inside if number else one.text for number, one in enumerate(terms))
    value = sum(map(_value, terms), Fraction(0)) / count
    return Term(value, _precise_sum(terms) / count, f"({added}) ÷ {count}", _PRODUCT)


def _greatest(row: Row) -> Term:
    top = max((one for one in row.terms if one.value is not None), key=_value)
    return Term(top.value, max(one.precise for one in row.terms), top.text)


def _dot(row: Row, other: Row) -> Term:
    """A product that is 0 says nothing, if what is 0 is silent; where nothing is left, all are said."""
    pairs = list(zip(row.terms, other.terms, strict=True))
    named = [(a, b) for a, b in pairs if (a.value or not row.is_silent) and (b.value or not other.is_silent)]
    text = " + ".join(f"{a.inside}·{b.inside}" for a, b in named or pairs)
    value = sum((_value(a) * _value(b) for a, b in pairs), Fraction(0))
    precise = sum((a.precise * b.precise for a, b in pairs), Fraction(0))
    return Term(value, precise, text, _SUM if named else _EMPTY_SUM)


def _value(one: Term) -> Fraction | float:
    """TypeError where a word stands in its place."""
    if one.value is None:
        raise TypeError(f"{one.text} is no number")
    return one.value


def _precise_sum(terms: Sequence[Term]) -> Fraction | float:
    return sum((one.precise for one in terms), Fraction(0))


def _on_terms(name: str, function: Callable[..., Term]) -> Callable[..., Any]:
    """Of numbers that depend on the place alone a plain number; along a row one after another."""

    def done(*operands: Any) -> Any:
        row = next((one for one in operands if isinstance(one, Row)), None)
        if row is not None:
            each = [one.terms if isinstance(one, Row) else [one] * len(row.terms) for one in operands]
            return Row([done(*parts) for parts in zip(*each, strict=True)])
        if not any(isinstance(one, Term) for one in operands):
            return PLAIN[name](*operands)
        return function(*(one if isinstance(one, Term) else term(one) for one in operands))

    return done


_OF_NUMBERS: Mapping[str, Callable[..., Term]] = {
    "+": _plus, "-": _minus, "*": _times, "/": _divided, "^": _power, "exp": _exp, "sqrt": _sqrt, "larger": _larger,
    "sin": functools.partial(_wave, "sin"), "cos": functools.partial(_wave, "cos"),
}  # fmt: skip
ON_TERMS: Mapping[str, Callable[..., Any]] = {
    **{name: _on_terms(name, function) for name, function in _OF_NUMBERS.items()},
    **{name: PLAIN[name] for name in ("%", "floor")},
    "where": _where, "total": _total, "mean": _mean, "greatest": _greatest, "dot": _dot,
}  # fmt: skip
