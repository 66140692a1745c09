"""A model's own beam search as a sheet: every continuation that competed, its sum, and what became of it.

A real search adds logarithms where the sheet of the table multiplies probabilities: ln (p·q) = ln p + ln q.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from clearhead.byhand.beam_search import BEGIN, END
from clearhead.byhand.numbers import inside, rounded, written
from clearhead.byhand.sheet import Cell, Line, Matrix, Section, about, exactly, number, saying
from clearhead.byhand.texts import Texts
from clearhead.errors import UsageError

# What a continuation becomes where it does not live on.
ENDED, DROPPED = "end", "x"
# More continuations are more than fits two pages.
MOST_ROWS = 32
# The fewest decimals with which the sheet decides as the model did are taken.
PLACES = (2, 3, 4)
_DIVISOR_PLACES = 2


class Continuation(NamedTuple):
    """One row of a step.

    node: the tree's own. before, becomes: names of living hypotheses, "2.1" for the first that lives on after 2 words.
    chance, total: its logarithm and their sum, as the sheet has them. text: all that it has written.
    """

    node: Mapping[str, Any]
    before: str
    chance: Fraction
    total: Fraction
    becomes: str
    text: str


def sections(tree: Sequence[Mapping[str, Any]], say: Texts) -> tuple[Section, ...]:
    """A section for each word, and one for the winner.

    tree: the nodes of a trace's search. Raises UsageError where there was none, or one too long for a sheet.
    """
    if not tree:
        raise UsageError("beam-search needs a trace of a search; make it with trace(text, beam_size=2)")
    if len(tree) - 1 > MOST_ROWS:
        raise UsageError(
            f"the search looked at {len(tree) - 1} continuations, but a sheet has room for {MOST_ROWS}; "
            "choose a shorter text, or one that the model is surer of"
        )
    if not any(node["piece"] == END and node["fate"] == "won" for node in tree):
        raise UsageError("the search was cut at the greatest length before anything ended; choose a shorter text")
    for places in PLACES:
        walk = _walk(tree, places)
        if _decides_alike(walk):
            break
    steps = [_step(length, rows, places, say, length == len(walk)) for length, rows in enumerate(walk, 1)]
    return (*steps, _winner(walk, places, say))


def _walk(tree: Sequence[Mapping[str, Any]], places: int) -> list[list[Continuation]]:
    """The continuations of every word, most probable first, with logarithms of `places` decimals."""
    known = {0: Continuation(tree[0], "", Fraction(0), Fraction(0), BEGIN, "")}
    steps: list[list[Continuation]] = [[] for _ in range(tree[-1]["length"])]
    for node in tree[1:]:
        before, step, length = known[node["parent"]], steps[node["length"] - 1], node["length"]
        alive = sum(one.becomes not in (ENDED, DROPPED) for one in step)
        is_end = node["piece"] == END
        becomes = ENDED if is_end else DROPPED if node["fate"] == "dropped" else f"{length}.{alive + 1}"
        chance = rounded(node["log_probability"], places)
        text = before.text if is_end else f"{before.text}{node['piece'].replace('▁', ' ')}".lstrip()
        one = Continuation(node, before.becomes, chance, before.total + chance, becomes, text)
        known[node["number"]] = one
        step.append(one)
    return steps


def _decides_alike(walk: Sequence[Sequence[Continuation]]) -> bool:
    """Whether the rounded sums keep what the model kept, and let the same one win."""
    for step in walk:
        dropped = [one.total for one in step if one.becomes == DROPPED]
        kept = [one.total for one in step if one.becomes not in (ENDED, DROPPED)]
        if dropped and kept and max(dropped) >= min(kept):
            return False
    *others, best = sorted(_ended(walk), key=_score)
    return best.node["fate"] == "won" and all(_score(one) < _score(best) for one in others)


def _ended(walk: Sequence[Sequence[Continuation]]) -> list[Continuation]:
    return [one for step in walk for one in step if one.becomes == ENDED]


def _divisor(one: Continuation) -> Fraction:
    """What the model's length penalty divides by; 1 where nothing can be told from 0."""
    total, score = one.node["total"], one.node["score"]
    return rounded(total / score, _DIVISOR_PLACES) if score else Fraction(1)


def _score(one: Continuation) -> Fraction:
    return one.total / _divisor(one)


def _step(length: int, rows: Sequence[Continuation], places: int, say: Texts, is_last: bool) -> Section:
    def cells(one: Continuation) -> tuple[Cell, ...]:
        before = one.total - one.chance
        total = exactly(one.total, one.node["total"], f"{written(before)} + {inside(one.chance)}")
        word = one.node["piece"]
        chance = Cell(one.chance, places, one.node["log_probability"])
        return saying(one.before), saying(word), chance, total, saying(one.becomes, blank=True)

    columns = (say("searched.after"), say("searched.word"), "ln p", "Σ", say("searched.becomes"))
    matrix = Matrix(f"candidates{length}", "", tuple(map(cells, rows)), (), columns)
    text = say("searched.last") if is_last else say("searched.first") if length == 1 else say("searched.text")
    return Section(say("beam.heading", step=length), text, ((matrix,),), say("searched.beside") if length == 1 else "")


def _winner(walk: Sequence[Sequence[Continuation]], places: int, say: Texts) -> Section:
    def cells(one: Continuation) -> tuple[Cell, ...]:
        divisor = _divisor(one)
        working = f"{written(one.total)} ÷ {written(divisor)}"
        return number(divisor), about(_score(one), places + 1, one.node["score"], working)

    ended = _ended(walk)
    scores = Matrix(
        "scores", "", tuple(map(cells, ended)), tuple(one.text for one in ended), ("÷", say("searched.score"))
    )
    best = next(one for one in ended if one.node["fate"] == "won")
    winner = Matrix("winner", say("searched.winner"), ((saying(best.text, blank=True),),))
    line: Line = (scores, "→", winner)
    return Section(say("winner.heading"), say("searched.score.text"), (line,), say("searched.score.beside"))
