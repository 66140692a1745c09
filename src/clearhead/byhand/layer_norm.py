"""Layer normalisation of rows whose mean and standard deviation are whole."""

import dataclasses
import math
from collections.abc import Collection
from fractions import Fraction

from clearhead.byhand.described import Rounding, Work
from clearhead.byhand.drawing import Draw, Shape
from clearhead.byhand.sheet import Rows, Section
from clearhead.byhand.terms import left_out
from clearhead.byhand.topic import Shapes, Sizes, Start, Topic
from clearhead.tracing.operations import DESCRIPTIONS

PLACES = 2
_ATTEMPTS = 1000


def build(start: Start) -> tuple[Section, ...]:
    say = start.say
    names = start.tokens("queries", start.sizes["rows"], tuple(f"x{n}" for n in range(1, start.sizes["rows"] + 1)))
    inputs = start.matrix("x", "x", names)
    weight, bias = start.matrix("gamma", "γ"), start.matrix("beta", "β")
    # A model's rows are too long for their means: these are given, as are the variances.
    is_given = "mean" in start.rows
    means = start.matrix("mean", "μ", names) if is_given else Work(DESCRIPTIONS["mean"], (inputs,)).write("mean", "μ")
    norm = Work(DESCRIPTIONS["normalize"], (inputs, means), (weight, bias))
    deviations = norm.write("deviations", "x − μ", "deviation")
    spread = Work(DESCRIPTIONS["variance"], (inputs, means), known={"deviation": deviations})
    variances = start.matrix("variance", "σ²", names) if is_given else spread.write("variance", "σ²")
    norm = dataclasses.replace(norm, inputs=(inputs, means, variances)).having(
        eps=left_out(norm.description.defaults["eps"])
    )
    roots = norm.write("deviation", "σ", "root", Rounding(PLACES, "exact"))
    out = norm.having(deviation=deviations, root=roots).write("normalized", "y", rounding=Rounding(PLACES, "short"))
    return (
        Section(
            say("mean.heading"),
            say("mean.given" if is_given else "mean.text"),
            ((inputs, "→", means, "→", deviations),),
            say("mean.beside"),
        ),
        Section(
            say("variance.heading"),
            say("variance.given" if is_given else "variance.text"),
            ((variances, "→", roots),),
            say("variance.beside"),
        ),
        Section(
            say("normalize.heading"), say("normalize.text"), ((weight, bias), ("y =", out)), say("normalize.beside")
        ),
    )


def _whole_root(value: Fraction) -> Fraction | None:
    root = Fraction(math.isqrt(value.numerator), math.isqrt(value.denominator))
    return root if root**2 == value else None


def draw(draw: Draw, sizes: Sizes, shapes: Shapes) -> dict[str, Rows]:
    """Rows whose mean and variance have no remainder: drawn until they do."""

    def is_good(row: list[Fraction]) -> bool:
        mean = sum(row, Fraction(0)) / len(row)
        root = _whole_root(sum(((one - mean) ** 2 for one in row), Fraction(0)) / len(row))
        return mean.denominator == 1 and bool(root) and Fraction(root or 0).denominator == 1

    def row() -> list[Fraction]:
        # Of some widths, such as 3, there is no such row: then the last one drawn, whose deviation is rounded.
        for _ in range(_ATTEMPTS):
            drawn = list(draw.rows(1, sizes["width"], 0, 12)[0])
            if is_good(drawn):
                break
        return drawn

    others = draw.matrices({name: shape for name, shape in shapes.items() if name != "x"}, sizes)
    return {"x": [row() for _ in range(sizes["rows"])], **others}


def _shapes(sizes: Sizes, names: Collection[str]) -> Shapes:
    return {"x": Shape("rows", "width", 0, 12), "gamma": Shape(1, "width", 1, 3), "beta": Shape(1, "width", -1, 2)}


LAYER_NORM = Topic("layer-norm", {"rows": (3, 1, 2, 4), "width": (4, 2, 6)}, _shapes, build, draw=draw)
