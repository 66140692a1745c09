"""Two heads or three, each with a query, a key and a value of its own, side by side and mixed by W_O."""

from collections.abc import Collection, Mapping, Sequence

from clearhead.byhand.arithmetic import beside, given, project, score, weigh
from clearhead.byhand.attention import projections
from clearhead.byhand.drawing import Draw, Shape
from clearhead.byhand.numbers import rounded
from clearhead.byhand.sheet import Line, Matrix, Rows, Section
from clearhead.byhand.softmax import shares_add_up, softmax_line, weights_agree
from clearhead.byhand.topic import Shapes, Sizes, Start, Topic

ATTEMPTS = 1000
REST_PLACES = 2


def build(start: Start) -> tuple[Section, ...]:
    if "S1" in start.rows:
        return from_scores(start)
    say, sizes = start.say, start.sizes
    tokens = start.tokens("queries", sizes["positions"])
    heads = tuple(range(1, sizes["heads"] + 1))
    inputs = start.matrix("X", "X", tokens)
    names = tuple(f"h{head}" for head in heads)
    made, asked = projections(start, inputs, names)
    # One line, to leave room for the heads.
    first, rest = asked
    sections = [Section(say("project.heading"), say("split.text"), ((*first, " ", *rest),), say("project.beside"))]
    contexts = []
    for head in heads:
        query, key, value = (_column(made[one], head, f"{one}{head}") for one in "QKV")
        scores = score(f"scores{head}", f"S{head}", query, key)
        line, weights = softmax_line(f"weights{head}", f"A{head}", scores, suffix=str(head))
        contexts.append(weigh(f"context{head}", f"Z{head}", weights, value))
        lines: tuple[Line, ...] = (("Q·Kᵀ =", scores, "→", *line, "→", contexts[-1]),)
        sections.append(Section(say("head.heading", head=head), say("head.text", head=head), lines, say("head.beside")))
    concatenated = beside("concatenated", "Concat", contexts, names)
    output = start.matrix("WO", "W_O", names)
    out = project("output", "Y", concatenated, output)
    lines = ((f"[{' '.join(one.name for one in contexts)}] ·", output, "=", out),)
    sections.append(Section(say("merge.heading"), say("merge.text"), lines, say("merge.beside")))
    return tuple(sections)


def from_scores(start: Start) -> tuple[Section, ...]:
    """Two heads of a model, which are too wide for paper, from their scores and some columns of their values.

    Rows: S1 and V1, S2 and V2, the rows of W_O for those columns, and Y, the model's own result. What is not on the
    sheet is added up in r, so that Y comes out.
    """
    say, queries, keys = start.say, start.labels["queries"], start.labels["keys"]
    sections, contexts, names = [], [], []
    for head in (1, 2):
        scores = start.matrix(f"S{head}", f"S{head}", queries, keys)
        value = start.matrix(f"V{head}", f"V{head}", keys)
        line, weights = softmax_line(f"weights{head}", f"A{head}", scores, suffix=str(head))
        contexts.append(weigh(f"context{head}", f"Z{head}", weights, value))
        names += [f"h{head}.{column}" for column in range(1, value.shape[1] + 1)]
        lines: tuple[Line, ...] = ((scores, value, "→", *line, f"A{head} · V{head} =", contexts[-1]),)
        text = say("head.scores", head=head)
        sections.append(Section(say("head.heading", head=head), text, lines, say("head.beside")))
    concatenated = beside("concatenated", "Concat", contexts, names)
    output = start.matrix("WO", "W_O", names)
    mixed = project("mixed", "", concatenated, output)
    rest = given("rest", "r", _rest(start.rows["Y"], mixed))
    out = project("output", "Y", concatenated, output, rest, places=REST_PLACES)
    lines = (("[Z1 Z2] ·", output, "+", rest, "=", out),)
    sections.append(
        Section(say("merge.heading"), f"{say('merge.text')} {say('merge.rest')}", lines, say("merge.beside"))
    )
    return tuple(sections)


def _rest(wanted: Rows, found: Matrix) -> Rows:
    return [
        [rounded(one - other, REST_PLACES) for one, other in zip(*rows, strict=True)]
        for rows in zip(wanted, found.values, strict=True)
    ]


def draw(draw: Draw, sizes: Sizes, shapes: Shapes) -> dict[str, Rows]:
    """Drawn until every head may have something to say, its weights may come out even, and W_O uses all of them."""
    for _ in range(ATTEMPTS):
        rows = draw.matrices(shapes, sizes)
        if _uses_all(rows["WO"]) and all(_is_promising(rows, head) for head in range(sizes["heads"])):
            break
    return rows


def _uses_all(output: Rows) -> bool:
    """Whether W_O has no row of zeros, which would lose a head's work, and no column of them, whose result is 0."""
    return all(map(any, output)) and all(map(any, zip(*output, strict=True)))


def _is_promising(rows: Mapping[str, Rows], head: int) -> bool:
    """What the whole sheet would be refused for, found before it is made, which takes a hundred times as long."""
    query, key, value = (
        [
            sum(int(one) * int(weight[head]) for one, weight in zip(row, rows[f"W{name}"], strict=True))
            for row in rows["X"]
        ]
        for name in "QKV"
    )
    return any(query) and any(key) and any(value) and all(shares_add_up([one * each for each in key]) for one in query)


def every_head_sees(sections: Sequence[Section]) -> bool:
    """No head's queries, keys, values or contexts are all 0, W_O uses each head, and the weights agree."""
    matrices = {one.key: one for section in sections for one in section.matrices}
    seen = [one for key, one in matrices.items() if key in ("Q", "K", "V") or key.startswith("context")]
    columns = [column for one in seen for column in zip(*one.values, strict=True)]
    return weights_agree(sections) and all(map(any, columns)) and _uses_all(matrices["WO"].values)


def _column(matrix: Matrix, head: int, name: str) -> Matrix:
    """A head's own column of all queries, keys or values."""
    return Matrix(name, name, tuple((row[head - 1],) for row in matrix.cells), matrix.rows)


def _shapes(sizes: Sizes, names: Collection[str]) -> Shapes:
    weights = {f"W{one}": Shape("heads", "heads", -1, 1) for one in "QKVO"}
    return {"X": Shape("positions", "heads", 0, 2), **weights}


MULTI_HEAD = Topic(
    "multi-head", {"positions": (3, 2), "heads": (2, 3)}, _shapes, build, draw=draw, fits=every_head_sees
)
