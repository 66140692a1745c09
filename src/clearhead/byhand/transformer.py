"""One tiny Transformer from end to end: from tokens to the word that comes next."""

import dataclasses
from collections.abc import Collection, Sequence
from fractions import Fraction

from clearhead.byhand.arithmetic import add, cut, divide, given, project, root_of, score, weigh
from clearhead.byhand.drawing import Draw, Shape
from clearhead.byhand.sheet import Cell, Matrix, Rows, Section, saying
from clearhead.byhand.softmax import softmax_line
from clearhead.byhand.topic import Shapes, Sizes, Start, Topic

VOCABULARY = ("I", "am", "a", "student")
WIDTH = 2


def build(start: Start) -> tuple[Section, ...]:
    vectors, embedding = _embed(start)
    attending, context = _attend(start, vectors)
    feeding, out = _feed(start, context)
    return (embedding, *attending, feeding, _predict(start, out))


def _embed(start: Start) -> tuple[Matrix, Section]:
    say = start.say
    length = start.sizes["positions"]
    tokens = VOCABULARY[:length]
    table, places = start.matrix("E", "E", VOCABULARY), start.matrix("P", "P", tuple(map(str, range(length))))
    read = given("read", "E", start.rows["E"][:length], tokens)
    vectors = add("X", "X", read, Matrix("places", "P", places.cells, tokens))
    text = say("token.text", tokens=" ".join(tokens))
    return vectors, Section(say("token.heading"), text, ((table, places, "→", vectors),), say("token.beside"))


def _attend(start: Start, vectors: Matrix) -> tuple[list[Section], Matrix]:
    """Attention of the last position alone: only it says what comes next, and it may look at all before it."""
    say = start.say
    last = Matrix("last", "X", vectors.cells[-1:], vectors.rows[-1:])
    weights = {one: start.matrix(f"W{one}", f"W_{one}") for one in "QKV"}
    query = project("Q", "q", last, weights["Q"])
    key, value = project("K", "K", vectors, weights["K"]), project("V", "V", vectors, weights["V"])
    scores = score("scores", "q·Kᵀ", query, key)
    root = root_of(start.sizes["head_width"])
    scaled = divide("scaled", "÷ √dₖ", scores, root)
    line, shares = softmax_line("weights", "A", scaled)
    context = weigh("context", "z", shares, value)
    out = add("attended", "a", last, context)
    projected = Section(
        say("last.heading"), say("last.text"),
        ((weights["Q"], weights["K"], weights["V"]), ("q =", query, "K =", key, "V =", value)), say("last.beside"),
    )  # fmt: skip
    gathered = Section(
        say("gather.heading"), say("gather.text", width=start.sizes["head_width"], root=root.text),
        ((scores, "→", scaled, "→", *line[:3]), (*line[4:], "→", context, "→", out)), say("gather.beside"),
    )  # fmt: skip
    return [projected, gathered], out


def _feed(start: Start, vectors: Matrix) -> tuple[Section, Matrix]:
    say = start.say
    first, first_bias = start.matrix("W1", "W₁"), start.matrix("b1", "b₁")
    second, second_bias = start.matrix("W2", "W₂"), start.matrix("b2", "b₂")
    hidden = project("H", "h", vectors, first, first_bias)
    active = cut("R", "ReLU(h)", hidden)
    inner = project("inner", "f", active, second, second_bias)
    out = add("out", "o", vectors, inner)
    lines = ((first, first_bias, second, second_bias), (hidden, "→", active, "→", inner, "→", out))
    return Section(say("feed.heading"), say("feed.text"), lines, say("feed.beside")), out


def _predict(start: Start, vectors: Matrix) -> Section:
    say = start.say
    table = given("E_again", "E", start.rows["E"], VOCABULARY)
    logits = dataclasses.replace(score("logits", "o·Eᵀ", vectors, table), rows=())
    line, probabilities = softmax_line("probabilities", "p", logits, suffix="_out")
    row = probabilities.cells[0]
    best = max(range(len(row)), key=lambda place: float(row[place].precise))
    chosen = saying(VOCABULARY[best], True, f"p = {row[best].text}")
    word = Matrix("word", say("predict.word"), ((chosen,),), room=max(map(len, VOCABULARY)))
    lines = ((logits, "→", line[0]), (line[2], "→", line[4]), (probabilities, "→", word))
    return Section(say("predict.heading"), say("predict.text"), lines, say("predict.beside"))


def draw(draw: Draw, sizes: Sizes, shapes: Shapes) -> dict[str, Rows]:
    """Any small numbers, but no two words have the same vector: they could not be told apart."""
    rows = draw.matrices(shapes, sizes)
    while len({tuple(row) for row in rows["E"]}) < len(VOCABULARY):
        rows["E"] = draw.rows(len(VOCABULARY), WIDTH, shapes["E"].low, shapes["E"].high)
    return rows


def is_clear(sections: Sequence[Section]) -> bool:
    """The weights are neither even nor all on one, the ReLU cuts, and one word leads, but not by everything."""
    matrices = {one.key: one for section in sections for one in section.matrices}
    weights, probabilities = (matrices[key].cells[0] for key in ("weights", "probabilities"))
    hidden = matrices["H"].cells[0]

    def agree(row: Sequence[Cell]) -> bool:
        near = all(abs(float(cell.value or 0) - float(cell.precise)) <= 0.01 for cell in row)
        return sum(Fraction(cell.value or 0) for cell in row) == 1 and near

    lead = sorted(float(cell.precise) for cell in probabilities)
    clear = 0.5 <= lead[-1] <= 0.95 and max(float(cell.precise) for cell in weights) < 0.9
    return clear and agree(weights) and agree(probabilities) and 0 < sum((one.value or 0) < 0 for one in hidden) < 3


def _shapes(sizes: Sizes, names: Collection[str]) -> Shapes:
    weights = {f"W{one}": Shape(WIDTH, "head_width", 0, 1) for one in "QK"}
    return {
        "E": Shape(len(VOCABULARY), WIDTH, -1, 2), "P": Shape("positions", WIDTH, 0, 1),
        **weights, "WV": Shape(WIDTH, WIDTH, -1, 1),
        "W1": Shape(WIDTH, "inner", -1, 1), "b1": Shape(1, "inner", -1, 1),
        "W2": Shape("inner", WIDTH, -1, 1), "b2": Shape(1, WIDTH, -1, 1),
    }  # fmt: skip


TRANSFORMER = Topic(
    "by-hand-transformer", {"positions": (3, 2, 4), "head_width": (4, 1), "inner": (3, 2, 4)}, _shapes, build, None,
    draw, is_clear,
)  # fmt: skip
