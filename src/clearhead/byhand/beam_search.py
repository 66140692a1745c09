"""Beam search with a beam of 2 over a table that says how likely each word is after each other one."""

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from clearhead.byhand.drawing import Draw, Shape
from clearhead.byhand.numbers import written
from clearhead.byhand.sheet import Cell, Matrix, Rows, Section, exactly, saying
from clearhead.byhand.texts import Texts
from clearhead.byhand.topic import Shapes, Sizes, Start, Topic
from clearhead.errors import UsageError

WORDS = ("I", "am", "here")
BEGIN, END = "⟨begin⟩", "⟨end⟩"
NEXT = (*WORDS, END)
BEAM = 2
_END = len(WORDS)
_ATTEMPTS = 3000


class Path(NamedTuple):
    """A hypothesis: the places of its words in NEXT, and its probability."""

    words: tuple[int, ...]
    probability: Fraction

    @property
    def text(self) -> str:
        return " ".join(NEXT[one] for one in self.words)


class Step(NamedTuple):
    """What a step continues, what it finds, and what it keeps: the best two that do not end, and those that do."""

    live: tuple[Path, ...]
    found: tuple[tuple[Path, ...], ...]
    kept: tuple[Path, ...]
    ended: tuple[Path, ...]


def search(table: Rows, steps: int) -> list[Step]:
    """Every step of the search; where two are equally probable, the one found first is kept."""
    live: tuple[Path, ...] = (Path((), Fraction(1)),)
    walk: list[Step] = []
    for _ in range(steps):
        found = tuple(
            tuple(
                Path((*path.words, place), path.probability * chance)
                for place, chance in enumerate(table[path.words[-1] + 1 if path.words else 0])
            )
            for path in live
        )
        ranked = sorted((one for row in found for one in row), key=lambda one: -one.probability)
        kept = tuple(one for one in ranked if one.words[-1] != _END and one.probability)[:BEAM]
        ended = tuple(one for one in ranked if one.words[-1] == _END and one.probability)
        walk.append(Step(live, found, kept, ended))
        live = kept
    return walk


def winner(walk: Sequence[Step]) -> Path | None:
    """The most probable hypothesis that ended."""
    return max((one for step in walk for one in step.ended), key=lambda one: one.probability, default=None)


def build(start: Start) -> tuple[Section, ...]:
    say = start.say
    table = start.matrix("P", "P", (BEGIN, *WORDS), NEXT)
    walk = search(start.rows["P"], start.sizes["steps"])
    sections = [Section(say("chances.heading"), say("chances.text"), ((table,),), say("chances.beside"))]
    for number, step in enumerate(walk, start=1):
        line: list[Matrix | str] = [_candidates(number, step, start.rows["P"])]
        if number < len(walk):
            line += ["→", _chosen(f"kept{number}", say("beam.kept"), step.kept, say)]
        text = say("beam.first") if number == 1 else say("beam.last") if number == len(walk) else say("beam.text")
        beside = _beside(len(step.live), number == len(walk), say)
        sections.append(Section(say("beam.heading", step=number), text, (tuple(line),), beside))
    best = winner(walk)
    result = _chosen("winner", say("beam.winner"), (best,) if best else (), say)
    greedy = _chosen("greedy", say("beam.greedy"), (greedily(start.rows["P"], len(walk)),), say)
    sections.append(Section(say("winner.heading"), say("winner.text"), ((result, greedy),), say("winner.beside")))
    return tuple(sections)


def _beside(beginnings: int, is_last: bool, say: Texts) -> str:
    """How many candidates compete in a step, and for what."""
    if is_last:
        return say("beam.beside-last")
    return say("beam.beside-one" if beginnings == 1 else "beam.beside", beginnings=beginnings)


def greedily(table: Rows, steps: int) -> Path:
    """The most probable word at every step, until the end."""
    path = Path((), Fraction(1))
    while len(path.words) < steps and (not path.words or path.words[-1] != _END):
        row = table[path.words[-1] + 1 if path.words else 0]
        best = max(range(len(row)), key=lambda place: row[place])
        path = Path((*path.words, best), path.probability * row[best])
    return path


def _candidates(number: int, step: Step, table: Rows) -> Matrix:
    def cell(before: Path, after: Path) -> Cell:
        chance = table[before.words[-1] + 1 if before.words else 0][after.words[-1]]
        working = f"{written(before.probability)} · {written(chance)}" if before.words else f"1 · {written(chance)}"
        return exactly(after.probability, after.probability, working)

    rows = tuple(f"{number - 1}.{place}" for place in range(1, len(step.live) + 1)) if number > 1 else (BEGIN,)
    cells = tuple(tuple(cell(before, one) for one in row) for before, row in zip(step.live, step.found, strict=True))
    return Matrix(f"candidates{number}", "P", cells, rows, NEXT)


def _chosen(key: str, name: str, paths: Sequence[Path], say: Texts) -> Matrix:
    cells = tuple((saying(one.text, True), _probability(one)) for one in paths)
    number = key.removeprefix("kept")
    rows = tuple(f"{number}.{place}" for place in range(1, len(paths) + 1)) if number.isdigit() else ()
    return Matrix(key, name, cells or ((saying("—", True), saying("—", True)),), rows, (say("beam.words"), "P"))


def _probability(path: Path) -> Cell:
    return exactly(path.probability, path.probability, "")


def draw(draw: Draw, sizes: Sizes, shapes: Shapes) -> dict[str, Rows]:
    """Tenths that add up to 1 in every row, drawn until the search is worth doing; nothing ends before it has begun."""

    for _ in range(_ATTEMPTS):
        tenths = [[*draw.shares(len(WORDS), 10, 7), 0], *(draw.shares(len(NEXT), 10, 7) for _ in WORDS)]
        table = [[Fraction(one, 10) for one in row] for row in tenths]
        if is_worth_it(table, sizes["steps"]):
            break
    return {"P": table}


def is_worth_it(table: Sequence[list[Fraction]], steps: int) -> bool:
    """The beam finds something better than greedy search does, and no two candidates that matter are equal."""
    if any(row.count(max(row)) > 1 for row in table):
        return False  # Greedy search would have to choose between equals.
    greedy = greedily(table, steps)
    if greedy.words[-1] != _END:
        return False
    walk = search(table, steps)
    best = winner(walk)
    if best is None or best.probability <= greedy.probability:
        return False
    for step in walk:
        numbers = sorted((one.probability for row in step.found for one in row if one.probability), reverse=True)
        # The package looks at the best 2·beam candidates of a step: no ending may hide below them.
        hidden = any(one.probability not in numbers[: 2 * BEAM] for one in step.ended)
        going_on = sorted((one.probability for row in step.found for one in row if one.words[-1] != _END), reverse=True)
        if hidden or _has_ties(going_on[: BEAM + 1]) or _has_ties(numbers[2 * BEAM - 1 : 2 * BEAM + 1]):
            return False
    return not _has_ties([one.probability for step in walk for one in step.ended])


def _has_ties(numbers: Sequence[Fraction]) -> bool:
    return len(set(numbers)) < len(numbers)


def check(rows: Mapping[str, Rows]) -> None:
    """Raises UsageError where a row of P is no distribution."""
    for number, row in enumerate(rows.get("P", ()), start=1):
        if sum(row) != 1 or min(row) < 0:
            found = ", ".join(map(written, row))
            raise UsageError(f"row {number} of P is {found}, but probabilities are 0 or more and add up to 1")


def _shapes(sizes: Sizes, names: Collection[str]) -> Shapes:
    return {"P": Shape(len(NEXT), len(NEXT), 0, 1)}


BEAM_SEARCH = Topic("beam-search", {"steps": (3, 2, 4)}, _shapes, build, None, draw, check=check)
