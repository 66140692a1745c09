"""Sinusoidal positions of a toy width, and what they make of embeddings."""

import math
from collections.abc import Collection
from fractions import Fraction

from clearhead.byhand.arithmetic import added
from clearhead.byhand.drawing import Shape
from clearhead.byhand.sheet import Cell, Matrix, Section, about, exactly, number
from clearhead.byhand.topic import Shapes, Sizes, Start, Topic

# 10000^(2i/width) is whole for these.
WIDTHS = (4, 2, 8)
PLACES = 2


def build(start: Start) -> tuple[Section, ...]:
    say = start.say
    length, width = start.sizes["positions"], start.sizes["width"]
    tokens = start.tokens("queries", length)
    shown = len(start.rows["E"][0])  # Of a model's columns the first few.
    divisors = tuple(_divisor(pair, width) for pair in range(shown // 2))
    columns = tuple(f"i={pair}" for pair in range(shown // 2))
    wavelengths = Matrix("divisors", "10000^(2i/d)", (divisors,), (), columns)
    names = tuple(f"{('sin', 'cos')[place % 2]} (i={place // 2})" for place in range(shown))
    cells = tuple(
        tuple(_place(position, place, divisors[place // 2]) for place in range(shown)) for position in range(length)
    )
    table = Matrix("PE", "PE", cells, tuple(str(position) for position in range(length)), names)
    embeddings = start.matrix("E", "E", tokens)
    total = added("X", "X", embeddings, table)
    return (
        Section(
            say("divisor.heading"), say("divisor.text", width=width), ((f"10000^(2i/{width}) =", wavelengths),),
            say("divisor.beside"),
        ),
        Section(say("table.heading"), say("table.text"), (("PE =", table),), say("table.beside")),
        Section(
            say("add.heading"), say("add.text"), ((embeddings, "+ PE =", total),), say("add.beside"),
        ),
    )  # fmt: skip


def _divisor(pair: int, width: int) -> Cell:
    power = Fraction(2 * pair, width)
    exact = 10_000 ** float(power)
    working = f"10000^({2 * pair}/{width})"
    if math.isclose(exact, round(exact)):
        return exactly(Fraction(round(exact)), Fraction(round(exact)), working)
    return about(exact, PLACES, exact, working)


def _place(position: int, place: int, divisor: Cell) -> Cell:
    name, function = (("sin", math.sin), ("cos", math.cos))[place % 2]
    angle = Fraction(position) / (divisor.value or 1)
    precise = function(position / float(divisor.precise))
    working = f"{name}({position})" if divisor.value == 1 else f"{name}({position}/{divisor.text})"
    if position == 0:
        fixed = number(place % 2, blank=True)
        return exactly(fixed.value or Fraction(0), float(place % 2), working)
    return about(function(float(angle)), PLACES, precise, working)


def _shapes(sizes: Sizes, names: Collection[str]) -> Shapes:
    return {"E": Shape("positions", "width", -2, 3)}


POSITIONS = Topic("positions", {"positions": (4, 2, 3, 5, 6), "width": WIDTHS}, _shapes, build)
