"""Layer normalisation of rows whose mean and standard deviation are whole."""

import math
from collections.abc import Collection
from fractions import Fraction

from clearhead.byhand.arithmetic import shown, whole
from clearhead.byhand.drawing import Draw, Shape
from clearhead.byhand.numbers import inside, rounded
from clearhead.byhand.sheet import Cell, Matrix, Rows, Section, about, exactly
from clearhead.byhand.topic import Shapes, Sizes, Start, Topic

EPSILON = 1e-5  # Under the root, as in model/blocks.py; left out on paper.
PLACES = 2
_ATTEMPTS = 1000


def build(start: Start) -> tuple[Section, ...]:
    say = start.say
    names = start.tokens("queries", start.sizes["rows"], tuple(f"x{n}" for n in range(1, start.sizes["rows"] + 1)))
    inputs = start.matrix("x", "x", names)
    weight, bias = start.matrix("gamma", "γ"), start.matrix("beta", "β")
    # A model's rows are too long for their means: these are given, as are the variances.
    is_given = "mean" in start.rows
    means = Matrix("mean", "μ", tuple((_mean(row),) for row in inputs.cells), inputs.rows)
    means = start.matrix("mean", "μ", names) if is_given else means
    deviations = Matrix(
        "deviations", "x − μ",
        tuple(tuple(_less(one, mean) for one in row) for row, (mean,) in zip(inputs.cells, means.cells, strict=True)),
        inputs.rows,
    )  # fmt: skip
    variances = Matrix("variance", "σ²", tuple((_variance(row),) for row in deviations.cells), inputs.rows)
    variances = start.matrix("variance", "σ²", names) if is_given else variances
    roots = Matrix("deviation", "σ", tuple((_root(row[0]),) for row in variances.cells), inputs.rows)
    scales = list(zip(*weight.cells, *bias.cells, strict=True))
    out = Matrix(
        "normalized", "y",
        tuple(
            tuple(_normalized(one, root, *pair) for one, pair in zip(row, scales, strict=True))
            for row, (root,) in zip(deviations.cells, roots.cells, strict=True)
        ),
        inputs.rows,
    )  # fmt: skip
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


def _mean(row: tuple[Cell, ...]) -> Cell:
    total = sum((whole(one) for one in row), Fraction(0))
    terms = " + ".join(shown(one, first=not n) for n, one in enumerate(row))
    return exactly(total / len(row), total / len(row), f"({terms}) ÷ {len(row)}")


def _less(one: Cell, mean: Cell) -> Cell:
    value = whole(one) - whole(mean)
    return exactly(value, value, f"{shown(one, first=True)} − {shown(mean)}")


def _variance(row: tuple[Cell, ...]) -> Cell:
    value = sum((whole(one) ** 2 for one in row), Fraction(0)) / len(row)
    return exactly(value, value, f"({' + '.join(f'{shown(one)}²' for one in row)}) ÷ {len(row)}")


def _root(variance: Cell) -> Cell:
    value = whole(variance)
    precise = math.sqrt(value + Fraction(EPSILON))
    root = _whole_root(value)
    if root is not None:
        return exactly(root, precise, f"√{inside(value)}")
    return about(math.sqrt(value), PLACES, precise, f"√{inside(value)}")


def _whole_root(value: Fraction) -> Fraction | None:
    root = Fraction(math.isqrt(value.numerator), math.isqrt(value.denominator))
    return root if root**2 == value else None


def _normalized(one: Cell, root: Cell, weight: Cell, bias: Cell) -> Cell:
    precise = float(one.precise) / float(root.precise) * float(weight.precise) + float(bias.precise)
    working = f"{shown(weight)} · {shown(one)} ÷ {shown(root)}" + (f" + {shown(bias)}" if bias.value else "")
    if root.value == 0:
        # A row of equal numbers: all of its deviations are 0, and ε keeps the division from being 0 ÷ 0.
        return exactly(whole(bias), precise, f"{shown(weight)} · 0 + {shown(bias)}")
    value = whole(weight) * whole(one) / whole(root) + whole(bias)
    is_short = (value * 100).denominator == 1
    return exactly(value, precise, working) if is_short else about(rounded(value, PLACES), PLACES, precise, working)


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
