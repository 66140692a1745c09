"""The softmax, step by step: less the greatest, exponentials, their sum, shares."""

import dataclasses
import math
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction

from clearhead.byhand.described import Rounding, Work
from clearhead.byhand.drawing import Draw, Shape
from clearhead.byhand.numbers import rounded
from clearhead.byhand.sheet import Line, Matrix, Rows, Section
from clearhead.byhand.topic import Shapes, Sizes, Start, Topic
from clearhead.tracing.operations import DESCRIPTIONS

EXPONENTIAL_PLACES, WEIGHT_PLACES = 3, 2


def softmax_line(
    key: str, name: str, scores: Matrix, places: int = WEIGHT_PLACES, suffix: str = "", exact: bool = False
) -> tuple[Line, Matrix]:
    """A line of four matrices, the last of them the weights; exact: their answers say the exact form too."""
    work = Work(DESCRIPTIONS["softmax"], (scores,))
    small = work.write(f"shifted{suffix}", "x − max", "shifted")
    work = work.having(shifted=small)
    powers = work.write(f"exponentials{suffix}", "eˣ", "power", Rounding(EXPONENTIAL_PLACES, "exact"))
    work = work.having(power=powers)
    sums = work.write(f"sums{suffix}", "Σ", "sum")
    weights = work.having(sum=sums).write(key, name, rounding=Rounding(places))
    weights = _in_powers(weights, scores) if exact else weights
    return (small, "→", powers, "→", sums, "→", weights), weights


def _in_powers(weights: Matrix, scores: Matrix) -> Matrix:
    """With the exact form in each answer."""
    cells = []
    for row, before in zip(weights.cells, scores.cells, strict=True):
        powers = [f"e^({one.text})" for one in before]
        exact = [f" ≈ {one} ÷ ({' + '.join(powers)})" for one in powers]
        cells.append(tuple(dataclasses.replace(one, sum=one.sum + more) for one, more in zip(row, exact, strict=True)))
    return dataclasses.replace(weights, cells=tuple(cells))


def weights_agree(sections: Sequence[Section]) -> bool:
    """The pencil's weights are the exact ones rounded, add up to 1, and are not nearly all 0 or 1."""
    found = [one for section in sections for one in section.matrices if one.key.startswith("weights")]
    extreme = rows = 0
    for matrix in found:
        for row in matrix.cells:
            if sum(Fraction(cell.value or 0) for cell in row) != 1:
                return False
            if any(cell.value != rounded(float(cell.precise), cell.places or 0) for cell in row):
                return False
            rows += 1
            extreme += len(row) > 1 and max(float(cell.precise) for cell in row) > 0.96
    return extreme <= rows // 4


def shares_add_up(scores: Sequence[int]) -> bool:
    """Whether a row's exact weights, each rounded, make 1: `weights_agree` asks for that, and for more."""
    powers = [math.exp(one - max(scores)) for one in scores]
    return sum(int(100 * one / sum(powers) + 0.5 + 1e-9) for one in powers) == 100


def build(start: Start) -> tuple[Section, ...]:
    say = start.say
    names = start.tokens("queries", start.sizes["rows"], tuple(f"x{n}" for n in range(1, start.sizes["rows"] + 1)))
    scores = start.matrix("x", "x", names, start.labels.get("keys", ()))
    (small, _, powers, _, sums, *_), weights = softmax_line("weights", "softmax(x)", scores)
    others = start.rows["x"][-2:]
    is_same_twice = len(others) == 2 and len({one - other for one, other in zip(*others, strict=True)}) == 1
    compare = " " + say("share.compare") if is_same_twice else ""
    return (
        Section(say("shift.heading"), say("shift.text"), ((scores, "→", small),), say("shift.beside")),
        Section(
            say("exponential.heading"), say("exponential.text"), (("e^(x − max) =", powers),),
            say("exponential.beside"),
        ),
        Section(say("sum.heading"), say("sum.text"), (("Σ =", sums),)),
        Section(say("share.heading"), say("share.text") + compare, (("softmax(x) =", weights),), say("share.beside")),
    )  # fmt: skip


def draw(draw: Draw, sizes: Sizes, shapes: Shapes) -> dict[str, Rows]:
    """The last row is the one before it with the same number added to each: its softmax is the same."""
    rows: Mapping[str, Rows] = draw.matrices(shapes, sizes)
    *others, _ = rows["x"]
    if not others:
        return dict(rows)
    more = draw.whole(2, 9)
    return {"x": [*others, [one + more for one in others[-1]]]}


def _shapes(sizes: Sizes, names: Collection[str]) -> Shapes:
    return {"x": Shape("rows", "columns", -1, 4)}


SOFTMAX = Topic(
    "softmax", {"rows": (3, 1, 2, 4), "columns": (4, 2, 3, 5)}, _shapes, build, None, draw, weights_agree
)  # fmt: skip
