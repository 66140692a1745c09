"""Formulas of numbers, written once in Python: computed on tensors, on the numbers of a worksheet, and by the page."""

import dataclasses
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, Union

Number = Union["Formula", int, float]


@dataclasses.dataclass(frozen=True)
class Formula:
    """A name of a number, or a function of other formulas: `(x - mean) / sqrt(variance + eps)`.

    name: of a number, or of a function in `PLAIN`, where there are parts.
    """

    name: str
    parts: tuple[Number, ...] = ()

    def __add__(self, other: Number) -> "Formula":
        return Formula("+", (self, other))

    def __radd__(self, other: Number) -> "Formula":
        return Formula("+", (other, self))

    def __sub__(self, other: Number) -> "Formula":
        return Formula("-", (self, other))

    def __rsub__(self, other: Number) -> "Formula":
        return Formula("-", (other, self))

    def __mul__(self, other: Number) -> "Formula":
        return Formula("*", (self, other))

    def __rmul__(self, other: Number) -> "Formula":
        return Formula("*", (other, self))

    def __truediv__(self, other: Number) -> "Formula":
        return Formula("/", (self, other))

    def __rtruediv__(self, other: Number) -> "Formula":
        return Formula("/", (other, self))

    def __mod__(self, other: Number) -> "Formula":
        return Formula("%", (self, other))

    def __pow__(self, other: Number) -> "Formula":
        return Formula("^", (self, other))

    def __rpow__(self, other: Number) -> "Formula":
        return Formula("^", (other, self))

    def __neg__(self) -> "Formula":
        return 0 - self

    def __abs__(self) -> "Formula":
        return Formula("abs", (self,))

    def names(self) -> set[str]:
        """Of all numbers in it."""
        if not self.parts:
            return {self.name}
        return set().union(*(one.names() for one in self.parts if isinstance(one, Formula)))

    def as_json(self) -> Any:
        """The name, or [function, part, …]."""
        if not self.parts:
            return self.name
        return [self.name, *(one.as_json() if isinstance(one, Formula) else one for one in self.parts)]


def named(names: str) -> tuple[Formula, ...]:
    """A formula for each name: `x, y = named("x y")`."""
    return tuple(map(Formula, names.split()))


def function(name: str) -> Callable[..., Formula]:
    return lambda *parts: Formula(name, parts)


exp, sqrt, sin, cos, tanh, erf = map(function, ("exp", "sqrt", "sin", "cos", "tanh", "erf"))
# larger(x, y) is the greater of two; where(x, y, z) is y unless x is 0, else z; at(x, n) is number n of a row.
floor, larger, where, at = map(function, ("floor", "larger", "where", "at"))
# Of a whole row: its sum, mean, greatest number and length, and the sum of its products with another row.
total, mean, greatest, count, dot = map(function, ("total", "mean", "greatest", "count", "dot"))
INFINITY = Formula("infinity")

# On plain numbers, exact ones such as fractions included.
PLAIN: Mapping[str, Callable[..., Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "^": operator.pow,
    "%": operator.mod, "abs": abs, "exp": math.exp, "sqrt": math.sqrt, "sin": math.sin, "cos": math.cos,
    "tanh": math.tanh, "erf": math.erf, "floor": math.floor, "larger": max, "where": lambda x, y, z: y if x else z,
    "at": lambda row, number: row[number], "total": sum, "mean": lambda row: sum(row) / len(row), "greatest": max,
    "count": len, "dot": lambda one, other: sum(map(operator.mul, one, other)),
}  # fmt: skip


def compute(formula: Number, look: Callable[[str], Any], functions: Mapping[str, Callable[..., Any]] = PLAIN) -> Any:
    """The formula's number. look: the number of a name. functions: how each function is done on such numbers."""
    if not isinstance(formula, Formula):
        return formula
    if not formula.parts:
        return look(formula.name)
    return functions[formula.name](*(compute(one, look, functions) for one in formula.parts))
