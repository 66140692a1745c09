"""The loss of one word over a vocabulary of six: against the word alone, and against smoothed targets."""

import math
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction

from clearhead.byhand.drawing import Draw, Shape
from clearhead.byhand.numbers import rounded, written
from clearhead.byhand.sheet import Cell, Matrix, Rows, Section, about, exactly
from clearhead.byhand.softmax import softmax_line
from clearhead.byhand.terms import ON_TERMS, Row, term
from clearhead.byhand.topic import Shapes, Sizes, Start, Topic
from clearhead.errors import UsageError

VOCABULARY = ("a", "am", "I", "thanks", "student", "⟨end⟩")
SMOOTHING = Fraction(1, 10)  # The paper's section 5.4.
PLACES = 3


def build(start: Start) -> tuple[Section, ...]:
    say = start.say
    words = start.tokens("words", len(VOCABULARY), VOCABULARY)
    logits, target = start.matrix("z", "z", (), words), start.matrix("t", "t", (), words)
    line, probabilities = softmax_line("probabilities", "p", logits, PLACES)
    small, powers, sums = line[0], line[2], line[4]
    surprise = Matrix(
        "surprise", "−ln p",
        (tuple(map(_surprise, probabilities.cells[0], logits.cells[0], [_log_sum(logits)] * len(VOCABULARY))),),
        (), words,
    )  # fmt: skip
    smoothed = Matrix("smoothed", "q", (tuple(map(_smooth, target.cells[0])),), (), words)
    one_hot = Matrix("one_hot", "L", ((_loss(target, surprise),),))
    soft = Matrix("soft", "L", ((_loss(smoothed, surprise),),))
    none = "" if all(cell.value for cell in probabilities.cells[0]) else " " + say("surprise.none")
    return (
        Section(
            say("logits.heading"), say("logits.text"), ((logits,), (small,), (powers, "→", sums), (probabilities,)),
            say("logits.beside"),
        ),
        Section(say("surprise.heading"), say("surprise.text") + none, ((surprise,),), say("surprise.beside")),
        Section(say("one_hot.heading"), say("one_hot.text"), ((target, "→", one_hot),), say("one_hot.beside")),
        Section(
            say("smoothed.heading"), say("smoothed.text"), ((smoothed, "→", soft),), say("smoothed.beside"),
        ),
    )  # fmt: skip


def _log_sum(logits: Matrix) -> float:
    return math.log(sum(math.exp(float(one.precise)) for one in logits.cells[0]))


def _surprise(probability: Cell, logit: Cell, log_sum: float) -> Cell:
    """−ln p. Without rounding it is log Σ e^z − z."""
    shown_value = probability.value or Fraction(1, 10**PLACES)  # As the sheet says: the logarithm of 0 is infinite.
    return about(-math.log(shown_value), 2, log_sum - float(logit.precise), f"−ln {written(shown_value, PLACES)}")


def _smooth(target: Cell) -> Cell:
    """1 − ε + ε/V for the right word, ε/V for each other one."""
    each = SMOOTHING / len(VOCABULARY)
    if target.value:
        return exactly(1 - SMOOTHING + each, 1 - SMOOTHING + each, f"1 − 0.1 + 0.1 ÷ {len(VOCABULARY)}")
    return exactly(each, each, f"0.1 ÷ {len(VOCABULARY)}")


def _loss(target: Matrix, surprise: Matrix) -> Cell:
    found = ON_TERMS["dot"](*(Row([term(one) for one in each.cells[0]], is_silent=True) for each in (target, surprise)))
    return about(found.value, 2, float(found.precise), found.text)


def draw(draw: Draw, sizes: Sizes, shapes: Shapes) -> dict[str, Rows]:
    rows = draw.matrices(shapes, sizes)
    right = draw.whole(0, len(VOCABULARY) - 1)
    return {**rows, "t": [[Fraction(place == right) for place in range(len(VOCABULARY))]]}


def check(rows: Mapping[str, Rows]) -> None:
    """Raises UsageError where t is not a single 1 among zeros."""
    if "t" in rows and sorted(rows["t"][0]) != [0] * (len(VOCABULARY) - 1) + [1]:
        found = ", ".join(map(written, rows["t"][0]))
        raise UsageError(f"t is {found}, but it marks the right word; write a single 1 and {len(VOCABULARY) - 1} zeros")


def roundings_agree(sections: Sequence[Section]) -> bool:
    """The pencil's losses are the exact ones, rounded; and the right word is neither certain nor hopeless."""
    matrices = {one.key: one for section in sections for one in section.matrices}
    losses = [matrices[key].cells[0][0] for key in ("one_hot", "soft")]
    agree = all(cell.value == rounded(float(cell.precise), 2) for cell in losses)
    return agree and 0.2 <= float(losses[0].precise) <= 3


def _shapes(sizes: Sizes, names: Collection[str]) -> Shapes:
    return {"z": Shape(1, len(VOCABULARY), -1, 3), "t": Shape(1, len(VOCABULARY), 0, 1)}


CROSS_ENTROPY = Topic("cross-entropy", {}, _shapes, build, None, draw, roundings_agree, check)
