"""From a topic's name to its sheet: sizes, numbers that are drawn or brought, and the steps."""

import difflib
from collections.abc import Collection, Mapping

from clearhead.byhand.attention import CROSS_ATTENTION, MASKED, SELF_ATTENTION
from clearhead.byhand.beam_search import BEAM_SEARCH
from clearhead.byhand.block import ATTENTION_WEIGHTING, BLOCK, FEED_FORWARD
from clearhead.byhand.cross_entropy import CROSS_ENTROPY
from clearhead.byhand.drawing import Draw
from clearhead.byhand.layer_norm import LAYER_NORM
from clearhead.byhand.multi_head import MULTI_HEAD
from clearhead.byhand.positions import POSITIONS
from clearhead.byhand.sheet import Rows, Section, Sheet
from clearhead.byhand.softmax import SOFTMAX
from clearhead.byhand.texts import Texts
from clearhead.byhand.topic import Shapes, Start, Topic, fractions
from clearhead.byhand.transformer import TRANSFORMER
from clearhead.errors import UsageError

TOPICS: Mapping[str, Topic] = {
    one.name: one
    for one in (
        BLOCK, ATTENTION_WEIGHTING, FEED_FORWARD, SELF_ATTENTION, SOFTMAX, MULTI_HEAD, MASKED, CROSS_ATTENTION,
        POSITIONS, LAYER_NORM, CROSS_ENTROPY, BEAM_SEARCH, TRANSFORMER,
    )
}  # fmt: skip
# After so many draws the last one is taken as it is: right, if less handsome.
ATTEMPTS = 3000
# Beside a learner's own matrices there may be none that make a handsome sheet.
ATTEMPTS_BESIDE_OWN = 100
MOST_ROWS = 8


def make_sheet(
    topic: str,
    seed: int = 0,
    sizes: Mapping[str, int] | None = None,
    language: str = "en",
    matrices: Mapping[str, Rows] | None = None,
) -> Sheet:
    """The sheet of a topic.

    The same arguments give the same sheet on every machine and in every version of Python. A later clearhead may refuse
    numbers that this one takes: then a seed gives others, and CHANGELOG.md says so.

    seed: 0 is the classic exercise where there is one. matrices: the learner's own, in place of drawn ones; they decide
    the sizes. Raises UsageError for an unknown topic, language or size, or for matrices whose shapes do not fit.
    """
    kind, say, own = find_topic(topic), Texts(language), dict(matrices or {})
    chosen, shapes = _sized(kind, dict(sizes or {}), own)
    if kind.check is not None:
        kind.check(own)
    rows, sections = _numbers(kind, seed, chosen, shapes, own, say)
    origin = "source.seed" if not own else "source.own.all" if own.keys() == shapes.keys() else "source.own"
    source = say(origin, seed=seed, names=", ".join(own))
    if kind.classic is not None and rows == _classic(kind):
        source = say("source.classic")
    return finished(kind, say, sections, source)


def finished(kind: Topic, say: Texts, sections: tuple[Section, ...], source: str) -> Sheet:
    """Sections with a topic's title, introduction and what it says of its roundings."""
    is_rounded = any(
        cell.places is not None and cell.blank for part in sections for one in part.matrices for row in one.cells
        for cell in row
    )  # fmt: skip
    key = f"{kind.name}.rounding" if kind.name in ("layer-norm", "positions") else "rounding"
    return Sheet(
        kind.name, say.language, say(f"{kind.name}.title"), say(f"{kind.name}.introduction"), sections, source,
        say(key) if is_rounded or kind.name == "layer-norm" else "",
    )  # fmt: skip


def read_sizes(text: str) -> dict[str, int]:
    """Sizes as they are typed: "positions=4,features=2". Raises UsageError for anything else."""
    sizes = {}
    for one in filter(None, text.split(",")):
        name, _, number = one.partition("=")
        if not (number.strip().isdecimal() and len(number) < 10):
            raise UsageError(f"--size {one} cannot be read; write a name and a whole number, such as positions=4")
        sizes[name.strip()] = int(number)
    return sizes


def find_topic(name: str) -> Topic:
    """Raises UsageError for an unknown name."""
    if name in TOPICS:
        return TOPICS[name]
    near = difflib.get_close_matches(name, TOPICS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(TOPICS)}"
    raise UsageError(f"topic {name!r} is not known; {hint}")


def _numbers(
    kind: Topic, seed: int, sizes: dict[str, int], shapes: Shapes, own: Mapping[str, Rows], say: Texts
) -> tuple[dict[str, Rows], tuple[Section, ...]]:
    """The matrices that a sheet starts from, and its steps: the classic ones, or drawn until they make a good sheet."""
    if seed == 0 and kind.classic is not None and sizes == kind.usual:
        rows = {**_classic(kind), **own}
        return rows, kind.build(Start(rows, sizes, say))
    draw = Draw(f"{kind.name} {seed}")
    for _ in range(min(ATTEMPTS, ATTEMPTS_BESIDE_OWN) if own else ATTEMPTS):
        drawn = draw.matrices(shapes, sizes) if kind.draw is None else kind.draw(draw, sizes, shapes)
        rows = {**drawn, **own}
        sections = kind.build(Start(rows, sizes, say))
        if own.keys() == shapes.keys() or kind.fits(sections):
            break
    return rows, sections


def _classic(kind: Topic) -> dict[str, Rows]:
    return {name: fractions(rows) for name, rows in (kind.classic or {}).items()}


def _sized(kind: Topic, asked: dict[str, int], own: Mapping[str, Rows]) -> tuple[dict[str, int], Shapes]:
    """All of a sheet's sizes, from the learner's matrices first, then as asked, then the usual ones."""
    for name, size in asked.items():
        if name not in kind.sizes:
            known = ", ".join(kind.sizes) or "none"
            raise UsageError(f"--size {name}={size}: {kind.name} has no size {name!r}; it has {known}")
        if size not in kind.sizes[name]:
            allowed = ", ".join(map(str, sorted(kind.sizes[name])))
            raise UsageError(f"--size {name}={size} is not possible for {kind.name}; choose one of {allowed}")
    shapes = kind.shapes({**kind.usual, **asked}, own)
    return _measured(kind, asked, own, shapes, {**kind.usual, **asked})


def _measured(
    kind: Topic, asked: Mapping[str, int], own: Mapping[str, Rows], shapes: Shapes, sizes: dict[str, int]
) -> tuple[dict[str, int], Shapes]:
    known: dict[str, tuple[int, str]] = {name: (size, f"--size {name}={size}") for name, size in asked.items()}
    _require_names(kind, own, shapes)
    for name, rows in own.items():
        found = len(rows), len(rows[0])
        if max(found) > MOST_ROWS:
            raise UsageError(
                f"{name} is {_by(found)}, but a sheet has room for {MOST_ROWS}×{MOST_ROWS}; bring a smaller matrix"
            )
        shape = shapes[name]
        for axis, size in zip((shape.rows, shape.columns), found, strict=True):
            if isinstance(axis, str):
                known.setdefault(axis, (size, f"{name} is {_by(found)}"))
        sizes |= {axis: size for axis, (size, _) in known.items()}
        if shape.at(sizes) != found:
            reasons = [known[axis][1] for axis in (shape.rows, shape.columns) if isinstance(axis, str)]
            others = sorted({one for one in reasons if not one.startswith(f"{name} is")})
            because = f"but {' and '.join(others)}; {name} must be" if others else f"but {kind.name} needs it to be"
            raise UsageError(f"{name} is {_by(found)}, {because} {_by(shape.at(sizes))}")
    return sizes, shapes


def _require_names(kind: Topic, own: Collection[str], shapes: Shapes) -> None:
    for name in own:
        if name not in shapes:
            near = next((one for one in shapes if one.lower() == name.lower()), None)
            hint = f"did you mean {near}?" if near else f"it starts from {', '.join(shapes)}"
            raise UsageError(f"{kind.name} has no matrix {name!r}; {hint}")


def _by(shape: tuple[int, int]) -> str:
    return f"{shape[0]}×{shape[1]}"
