"""Sinusoidal positions of a toy width, and what they make of embeddings."""

import dataclasses
from collections.abc import Collection
from fractions import Fraction

from clearhead.byhand.arithmetic import add
from clearhead.byhand.described import Rounding, Work
from clearhead.byhand.drawing import Shape
from clearhead.byhand.sheet import Section
from clearhead.byhand.terms import term
from clearhead.byhand.topic import Shapes, Sizes, Start, Topic
from clearhead.tracing import operations

# 10000^(2i/width) is whole for these.
WIDTHS = (4, 2, 8)
PLACES = 2


def build(start: Start) -> tuple[Section, ...]:
    say = start.say
    length, width = start.sizes["positions"], start.sizes["width"]
    tokens = start.tokens("queries", length)
    shown = len(start.rows["E"][0])  # Of a model's columns the first few.
    work = Work(operations.POSITIONS["sinusoidal"], known={"width": term(Fraction(width))})
    of_columns = work.write("divisors", "10000^(2i/d)", "divisor", Rounding(PLACES, "exact"), shape=(1, shown))
    columns = tuple(f"i={pair}" for pair in range(shown // 2))
    wavelengths = dataclasses.replace(of_columns, cells=(of_columns.cells[0][::2],), columns=columns)
    names = tuple(f"{('sin', 'cos')[place % 2]} (i={place // 2})" for place in range(shown))
    waves = work.having(divisor=of_columns).write("PE", "PE", rounding=Rounding(PLACES, "exact"), shape=(length, shown))
    table = dataclasses.replace(waves, rows=tuple(map(str, range(length))), columns=names)
    embeddings = start.matrix("E", "E", tokens)
    total = add("X", "X", embeddings, table)
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


def _shapes(sizes: Sizes, names: Collection[str]) -> Shapes:
    return {"E": Shape("positions", "width", -2, 3)}


POSITIONS = Topic("positions", {"positions": (4, 2, 3, 5, 6), "width": WIDTHS}, _shapes, build)
