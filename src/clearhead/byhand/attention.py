"""Scaled dot-product attention with rows as positions, as in the paper: of a text to itself, masked, and to another."""

import dataclasses
import math
from collections.abc import Collection, Sequence
from fractions import Fraction

from clearhead.byhand.arithmetic import divide, given, project, root_of, score, weigh
from clearhead.byhand.described import Work
from clearhead.byhand.drawing import Shape
from clearhead.byhand.sheet import Line, Matrix, Section
from clearhead.byhand.softmax import softmax_line, weights_agree
from clearhead.byhand.texts import Texts
from clearhead.byhand.topic import Shapes, Sizes, Start, Topic, fractions
from clearhead.tracing.operations import DESCRIPTIONS

# "Thinking Machines": the scores of the first word's query with both keys, whose head width is 64.
TEXTBOOK_TOKENS = ("Thinking", "Machines")
TEXTBOOK_SCORES, TEXTBOOK_VALUES, TEXTBOOK_WIDTH = ((112, 96),), ((5, 0, 10), (0, 5, 5)), 64
TARGET_TOKENS = ("le", "chat", "dort", "là")
SOURCE_TOKENS = ("the", "cat", "sleeps", "there")
# Wider queries and keys do not fit a sheet: it starts from their scores.
WIDEST = 4
WIDTHS = (4, 1, 9, 16, 64)


def attend(
    say: Texts, scores: Matrix, value: Matrix, head_width: int, causal: bool = False, suffix: str = ""
) -> tuple[Section, ...]:
    """From scores and values to the context: scale, mask if causal, softmax, weigh."""
    root = root_of(head_width)
    scaled = divide(f"scaled{suffix}", "S ÷ √dₖ", scores, root)
    if causal:
        scaled = mask(f"masked{suffix}", "S ÷ √dₖ", scaled, say("mask.why"))
    line, weights = softmax_line(f"weights{suffix}", "A", scaled, suffix=suffix, exact=bool(suffix))
    context = weigh(f"context{suffix}", "Z", weights, value)
    scale_text = say("scale.text", width=head_width, root=root.text, sign="=" if root.value == root.precise else "≈")
    return (
        Section(
            say("scale.heading"), f"{scale_text} {say('mask.text')}" if causal else scale_text, ((scaled,),),
            say("mask.beside") if causal else say("scale.beside"),
        ),
        Section(say("softmax.heading"), say("softmax.text"), (line,), say("softmax.beside")),
        Section(say("weigh.heading"), say("weigh.text"), (("A ·", value, "=", context),), say("weigh.beside")),
    )  # fmt: skip


def mask(key: str, name: str, matrix: Matrix, why: str) -> Matrix:
    """The causal mask: what stands right of the diagonal, a later position, becomes −∞. why: said of those."""
    rows, columns = matrix.shape
    allowed = given("allowed", "", [[Fraction(j <= i) for j in range(columns)] for i in range(rows)])
    made = Work(DESCRIPTIONS["mask"], (matrix, allowed)).write(key, name)
    cells = tuple(tuple(dataclasses.replace(one, sum=one.sum or why) for one in row) for row in made.cells)
    return dataclasses.replace(made, cells=cells)


def textbook(say: Texts) -> Section:
    """Thinking Machines: 112 and 96, over √64, make 0.88 and 0.12."""
    scores = given("textbook", "S", fractions(TEXTBOOK_SCORES), TEXTBOOK_TOKENS[:1], TEXTBOOK_TOKENS)
    value = given("textbook_value", "V", fractions(TEXTBOOK_VALUES), TEXTBOOK_TOKENS)
    scale, softmax, context = attend(say, scores, value, TEXTBOOK_WIDTH, suffix="_textbook")
    lines = ((scores, "→", *scale.lines[0], "→", *softmax.lines[0]), *context.lines)
    return Section(say("textbook.heading"), say("textbook.text"), lines, say("textbook.beside"))


def build_self(start: Start) -> tuple[Section, ...]:
    say, sizes = start.say, start.sizes
    tokens = start.tokens("queries", sizes["positions"])
    if "S" in start.rows:
        return from_scores(start, tokens, start.tokens("keys", sizes["positions"]), causal=False)
    inputs = start.matrix("X", "X", tokens)
    made, lines = projections(start, inputs)
    projected = Section(say("project.heading"), say("project.text"), lines, say("project.beside"))
    scored = compare(say, made["Q"], made["K"], are_given=False)
    rest = attend(say, scored.matrices[-1], made["V"], sizes["head_width"])
    opening = (textbook(say),) if sizes == SELF_ATTENTION.usual and not start.labels else ()
    return (*opening, projected, scored, *rest[:-1], _weighed(rest[-1]))


def projections(
    start: Start, inputs: Matrix, columns: Sequence[str] = ()
) -> tuple[dict[str, Matrix], tuple[Line, ...]]:
    """Queries, keys and values of the inputs, and the lines that ask for them; the inputs stand in the first alone."""
    weights = {one: start.matrix(f"W{one}", f"W_{one}", (), columns) for one in "QKV"}
    made = {one: project(one, one, inputs, matrix) for one, matrix in weights.items()}
    first: Line = (inputs, "·", weights["Q"], "=", made["Q"])
    rest: Line = ("X ·", weights["K"], "=", made["K"], " ", "X ·", weights["V"], "=", made["V"])
    return made, (first, rest)


def compare(say: Texts, query: Matrix, key: Matrix, are_given: bool) -> Section:
    """The scores: every query with every key."""
    scores = score("scores", "S", query, key)
    line = (query, key, "→", "S = QKᵀ =", scores) if are_given else ("S = QKᵀ =", scores)
    return Section(say("score.heading"), say("score.text"), (line,), say("score.beside"))


def from_scores(start: Start, queries: tuple[str, ...], keys: tuple[str, ...], causal: bool) -> tuple[Section, ...]:
    """Where queries and keys are too wide for paper: from their scores."""
    say = start.say
    scores, value = start.matrix("S", "S", queries, keys), start.matrix("V", "V", keys)
    text = say("scores.text", width=start.sizes["head_width"])
    heading = Section(say("scores.heading"), text, ((scores, value),), say("score.beside"))
    rest = attend(say, scores, value, start.sizes["head_width"], causal)
    return (heading, *rest[:-1], _weighed(rest[-1]))


def _weighed(section: Section) -> Section:
    """Without the values, which stand on the sheet already: where they are blanks, their answers must not."""
    return dataclasses.replace(section, lines=(("A · V =", section.matrices[-1]),))


def build_masked(start: Start) -> tuple[Section, ...]:
    queries, keys = (start.tokens(one, start.sizes["positions"]) for one in ("queries", "keys"))
    return _given_vectors(start, queries, keys, causal=True)


def build_cross(start: Start) -> tuple[Section, ...]:
    queries = start.tokens("queries", start.sizes["queries"], TARGET_TOKENS)
    keys = start.tokens("keys", start.sizes["keys"], SOURCE_TOKENS)
    return _given_vectors(start, queries, keys, causal=False)


def _given_vectors(start: Start, queries: tuple[str, ...], keys: tuple[str, ...], causal: bool) -> tuple[Section, ...]:
    if "S" in start.rows:
        return from_scores(start, queries, keys, causal)
    say = start.say
    query, key = start.matrix("Q", "Q", queries), start.matrix("K", "K", keys)
    value = start.matrix("V", "V", keys)
    scored = compare(say, query, key, are_given=True)
    return (scored, *attend(say, scored.matrices[-1], value, start.sizes["head_width"], causal))


def _is_wide(sizes: Sizes, names: Collection[str]) -> bool:
    return "S" in names or (sizes["head_width"] > WIDEST and not {"Q", "K", "WQ", "WK"} & set(names))


def _self_shapes(sizes: Sizes, names: Collection[str]) -> Shapes:
    if _is_wide(sizes, names):
        return {"S": _scores("positions", "positions", sizes), "V": Shape("positions", "value_width", 0, 5)}
    weights = {f"W{one}": Shape("width", "head_width", -1, 1) for one in "QK"}
    return {"X": Shape("positions", "width", 0, 2), **weights, "WV": Shape("width", "value_width", -1, 2)}


def _masked_shapes(sizes: Sizes, names: Collection[str]) -> Shapes:
    return _vector_shapes("positions", "positions", sizes, names)


def _cross_shapes(sizes: Sizes, names: Collection[str]) -> Shapes:
    return _vector_shapes("queries", "keys", sizes, names)


def _vector_shapes(queries: str, keys: str, sizes: Sizes, names: Collection[str]) -> Shapes:
    value = Shape(keys, "value_width", 0, 5)
    if _is_wide(sizes, names):
        return {"S": _scores(queries, keys, sizes), "V": value}
    return {"Q": Shape(queries, "head_width", -1, 2), "K": Shape(keys, "head_width", -1, 2), "V": value}


def _scores(rows: str, columns: str, sizes: Sizes) -> Shape:
    """Scores that are a few after the division by the root."""
    root = math.isqrt(sizes["head_width"])
    return Shape(rows, columns, 0, 3 * root)


SELF_ATTENTION = Topic(
    "self-attention", {"positions": (3, 2, 4), "width": (3, 2, 4), "head_width": WIDTHS, "value_width": (2, 1, 3, 4)},
    _self_shapes, build_self, fits=weights_agree,
)  # fmt: skip
MASKED = Topic(
    "masked", {"positions": (4, 2, 3, 5), "head_width": WIDTHS, "value_width": (2, 1, 3, 4)}, _masked_shapes,
    build_masked, fits=weights_agree,
)  # fmt: skip
CROSS_ATTENTION = Topic(
    "cross-attention",
    {"queries": (2, 1, 3, 4), "keys": (3, 2, 4), "head_width": WIDTHS, "value_width": (2, 1, 3, 4)},
    _cross_shapes, build_cross, fits=weights_agree,
)  # fmt: skip
