"""A block of the Transformer on columns: attention weighting across positions, then a feed-forward layer.

Here, as in the classic exercise, a column is a position, so that both steps multiply in the order in which they are
read: X·A, then W·Z.
"""

from collections.abc import Collection, Sequence
from fractions import Fraction

from clearhead.byhand.arithmetic import cut, project, weigh
from clearhead.byhand.drawing import Draw, Shape
from clearhead.byhand.sheet import Matrix, Rows, Section
from clearhead.byhand.topic import Shapes, Sizes, Start, Topic

X = ((5, 6, 0, 7, 0), (2, 0, 1, 1, 2), (1, 3, 2, 0, 0))
# Column j has its ones where column j of Z takes its terms: Z1 = X1 + X2, …, Z5 = X5 + X1.
A = ((1, 0, 0, 0, 1), (1, 1, 0, 0, 0), (0, 1, 1, 0, 0), (0, 0, 1, 1, 0), (0, 0, 0, 1, 1))
Z = ((11, 6, 7, 7, 5), (2, 1, 2, 3, 4), (4, 5, 2, 0, 1))
NETWORK = {
    "W1": ((1, 0, -1), (0, 1, -1), (-1, 1, 1), (1, -1, 0)),
    "b1": ((0,), (1,), (2,), (-5,)),
    "W2": ((1, 0, 1, 0), (0, 1, 0, 1), (1, -1, 0, 0)),
    "b2": ((0,), (1,), (-1,)),
}
WEIGHTING_SHAPES = {"X": Shape("features", "positions", 0, 7), "A": Shape("positions", "positions", 0, 1)}
NETWORK_SHAPES = {
    "W1": Shape("inner", "features", -1, 1), "b1": Shape("inner", 1, -3, 2),
    "W2": Shape("features", "inner", -1, 1), "b2": Shape("features", 1, -1, 2),
}  # fmt: skip
POSITIONS, FEATURES, INNER = (5, 2, 3, 4, 6), (3, 2, 4, 5), (4, 2, 3, 5, 6)


def labels(letter: str, count: int) -> tuple[str, ...]:
    return tuple(f"{letter}{number}" for number in range(1, count + 1))


def weighting(start: Start) -> tuple[Section, Matrix]:
    say = start.say
    features, positions = start.sizes["features"], start.sizes["positions"]
    columns = start.tokens("columns", positions, labels("X", positions))
    vectors = start.matrix("X", "X", labels("P", features), columns)
    weights = start.matrix("A", "A", columns, start.tokens("columns", positions, labels("Z", positions)))
    is_choice = {one for row in start.rows["A"] for one in row} <= {0, 1}
    result = weigh("Z", "Z", weights, vectors, is_turned=True)
    section = Section(
        say("weighting.heading"),
        say("weighting.text" if is_choice else "weighting.shares", features=features, positions=positions),
        ((vectors, "·", weights, "=", result),),
        say("weighting.beside"),
    )
    return section, result


def network(start: Start, vectors: Matrix, is_given: bool) -> tuple[Section, ...]:
    """3 → 4, ReLU, 4 → 3: the same weights for every column. is_given: the vectors stand on the sheet already."""
    say, name = start.say, vectors.name
    sizes = {"features": start.sizes["features"], "inner": start.sizes["inner"]}
    first, second = (
        start.matrix("W1", "W₁", labels("H", sizes["inner"])),
        start.matrix("W2", "W₂", labels("Y", sizes["features"])),
    )
    # A model's own sums are too long: what does not stand on the sheet is added to the bias, for each cell.
    letter = "b" if start.places is None else "r"
    first_bias, second_bias = start.matrix("b1", f"{letter}₁"), start.matrix("b2", f"{letter}₂")
    hidden = project("H", "H", vectors, first, first_bias, is_turned=True, places=start.places)
    active = cut("R", "R", hidden)
    out = project("Y", "Y", active, second, second_bias, is_turned=True, places=start.places)
    rest = "" if start.places is None else " " + say("rest.text")
    source: tuple[Matrix | str, ...] = ("·", vectors, "+") if is_given else (f"· {name} +",)
    return (
        Section(
            say("widen.heading", **sizes), say("widen.text", name=name) + rest,
            ((first, *source, first_bias, "=", hidden),), say("widen.beside"),
        ),
        Section(say("relu.heading"), say("relu.text"), (("ReLU(H) =", active),), say("relu.beside")),
        Section(
            say("narrow.heading", **sizes), say("narrow.text"),
            ((second, "· R +", second_bias, "=", out),), say("narrow.beside"),
        ),
    )  # fmt: skip


def build_weighting(start: Start) -> tuple[Section, ...]:
    return (weighting(start)[0],)


def build_feed_forward(start: Start) -> tuple[Section, ...]:
    rows, columns = start.sizes["features"], start.sizes["positions"]
    names = start.tokens("columns", columns, labels("Z", columns))
    return network(start, start.matrix("Z", "Z", labels("P", rows), names), is_given=True)


def build_block(start: Start) -> tuple[Section, ...]:
    section, result = weighting(start)
    if "N" not in start.rows:
        return (section, *network(start, result, is_given=False))
    # In a model W_O, what came in, and normalisation stand between the two.
    entering = start.matrix("N", "N", labels("P", start.sizes["features"]), result.columns)
    return (section, *network(start, entering, is_given=True))


def draw(draw: Draw, sizes: Sizes, shapes: Shapes) -> dict[str, Rows]:
    """Any small numbers, but A has two ones in each column."""
    rows = draw.matrices(shapes, sizes)
    if "A" in rows:
        count = sizes["positions"]
        ones = [draw.some(count, min(2, count)) for _ in range(count)]
        rows["A"] = [[Fraction(row in ones[column]) for column in range(count)] for row in range(count)]
    return rows


def something_is_cut(sections: Sequence[Section]) -> bool:
    """The ReLU has negative numbers to cut, and leaves some; nothing grows beyond two digits, and no row of weights is
    all zeros: its work would be none."""
    matrices = {one.key: one for section in sections for one in section.matrices}
    numbers = [one for row in matrices["H"].values for one in row]
    negative = sum(one < 0 for one in numbers) / len(numbers)
    largest = max(abs(one) for key in ("H", "Y") for row in matrices[key].values for one in row)
    works = all(any(row) for key in ("W1", "W2") for row in matrices[key].values)
    return 0.2 <= negative <= 0.6 and largest <= 20 and works


def all_different(sections: Sequence[Section]) -> bool:
    """No two columns of A are the same, so that every column of Z is a sum of its own."""
    matrices = {one.key: one for section in sections for one in section.matrices}
    columns = list(zip(*matrices["A"].values, strict=True))
    return len(set(columns)) == len(columns) or len(columns) < 3


def _weighting_shapes(sizes: Sizes, names: Collection[str]) -> Shapes:
    return WEIGHTING_SHAPES


def _feed_forward_shapes(sizes: Sizes, names: Collection[str]) -> Shapes:
    return {"Z": Shape("features", "positions", 0, 9), **NETWORK_SHAPES}


def _block_shapes(sizes: Sizes, names: Collection[str]) -> Shapes:
    return {**WEIGHTING_SHAPES, **NETWORK_SHAPES}


ATTENTION_WEIGHTING = Topic(
    "attention-weighting", {"positions": POSITIONS, "features": FEATURES}, _weighting_shapes, build_weighting,
    {"X": X, "A": A}, draw, all_different,
)  # fmt: skip
FEED_FORWARD = Topic(
    "feed-forward", {"positions": POSITIONS, "features": FEATURES, "inner": INNER}, _feed_forward_shapes,
    build_feed_forward, {"Z": Z, **NETWORK}, None, something_is_cut,
)  # fmt: skip
BLOCK = Topic(
    "block", {"positions": POSITIONS, "features": FEATURES, "inner": INNER}, _block_shapes, build_block,
    {"X": X, "A": A, **NETWORK}, draw, lambda sections: something_is_cut(sections) and all_different(sections),
)  # fmt: skip
