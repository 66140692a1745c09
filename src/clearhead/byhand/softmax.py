"""The softmax, step by step: less the greatest, exponentials, their sum, shares."""

import math
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction

from clearhead.byhand.arithmetic import WEIGHT_PLACES, exponentials, row_sums, shares, shifted
from clearhead.byhand.drawing import Draw, Shape
from clearhead.byhand.numbers import rounded
from clearhead.byhand.sheet import Line, Matrix, Rows, Section
from clearhead.byhand.topic import Shapes, Sizes, Start, Topic


def softmax_line(
    key: str, name: str, scores: Matrix, places: int = WEIGHT_PLACES, suffix: str = "", exact: bool = False
) -> tuple[Line, Matrix]:
    """A line of four matrices, the last of them the weights; exact: their answers say the exact form too."""
    small = shifted(f"shifted{suffix}", "x − max", scores)
    powers = exponentials(f"exponentials{suffix}", "eˣ", small)
    sums = row_sums(f"sums{suffix}", "Σ", powers)
    weights = shares(key, name, powers, sums, places, scores if exact else None)
    return (small, "→", powers, "→", sums, "→", weights), weights


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
    small = shifted("shifted", "x − max", scores)
    powers = exponentials("exponentials", "eˣ", small)
    sums = row_sums("sums", "Σ", powers)
    weights = shares("weights", "softmax(x)", powers, sums)
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
