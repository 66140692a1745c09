"""A trace as pictures for papers and notebooks, each a matplotlib figure.

    from clearhead.look import draw_attention, save_figure

    trace = bundle.trace("I am a student.", to="fr", beam_size=3)
    figure = draw_attention(trace, "decoder.layers.1.cross_attention", head=0)
    save_figure(figure, "attention.svg")

An attention is named as in the trace: encoder.layers.N.self_attention, decoder.layers.N.self_attention or
decoder.layers.N.cross_attention. There, and in `head=`, one counts from 0 as Python does; what a picture says counts
layers and heads from 1, as the page does. Probabilities have one hue over [0, 1], signed numbers diverge about zero,
what is masked is hatched.
"""

try:
    import matplotlib  # noqa: F401
except ImportError:
    from clearhead.errors import PackageError

    raise PackageError(
        "pictures are drawn with matplotlib, which is not installed here; add it by: pip install matplotlib"
    ) from None

import math

import torch
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from torch import Tensor

from clearhead.errors import TraceError
from clearhead.look.canvas import BODY, HEADING, LEGEND, MARGIN, MUTED, SMALL, Canvas, save_figure, scale
from clearhead.look.captions import Captions
from clearhead.look.cells import (
    MOST_CELLS,
    Cells,
    Room,
    draw_cells,
    label_columns,
    label_rows,
    note_sides,
    room_for,
    unlabel,
)
from clearhead.look.tree import draw_tree
from clearhead.model import tables
from clearhead.model.config import ADDED
from clearhead.tracing import Trace

__all__ = ["decided_head", "draw_attention", "draw_beam", "draw_heads", "draw_positions", "save_figure"]

POSITIONS = 20
# Inches: what a matrix takes at most, and its cells, if there is room for all of them.
ACROSS, WIDEST = 6.4, 0.42
GRID, GRID_WIDEST, BETWEEN = 7.0, 0.24, 0.22

# So many hypotheses of a search fill a picture of some metres, and take seconds to draw.
MOST_NODES = 2_000


def draw_attention(trace: Trace, attention: str, head: int | None = None, language: str = "en") -> Figure:
    """The weights of one head: how much each token of a row takes from each token of a column.

    head: from 0; the most decided one if not given (`decided_head`). language: "en" or "ko", of what the picture says.
    Raises TraceError for an attention or a head that the trace does not have, UsageError for another language.
    """
    attention = attention.removesuffix(".weights")
    chosen = decided_head(trace, attention) if head is None else head
    cells, say = _cells(trace, attention, chosen), Captions(language)
    title = f"{say(_kind(attention))}, {say('head', number=chosen + 1)}"
    return _framed(trace, attention, [cells], [""], title, language)


def draw_heads(trace: Trace, attention: str, language: str = "en") -> Figure:
    """The weights of every head of one attention, side by side. Raises as `draw_attention` does."""
    attention = attention.removesuffix(".weights")
    say = Captions(language)
    cells = [_cells(trace, attention, head) for head in range(len(trace[f"{attention}.weights"]))]
    title = f"{say(_kind(attention))}, {say('heads', count=len(cells))}"
    titles = [say("head", number=head + 1) for head in range(len(cells))]
    return _framed(trace, attention, cells, titles, title, language)


def draw_positions(trace: Trace, positions: int | None = None, language: str = "en") -> Figure:
    """The vectors that the model adds for its first places: a row a place, a column a dimension.

    positions: how many; 20 if not given, or as many as the model has. Raises TraceError for positions that add
    nothing, such as rotary ones, and for more places than the model has.
    """
    count = min(POSITIONS, trace.config["max_length"]) if positions is None else positions
    table, say = _position_table(trace, count), Captions(language)
    rows, width = table.shape
    kind = say(f"positions.{trace.config['positions']}")
    subtitle = f"{say('positions.size', positions=rows, width=width)} · {kind}"
    canvas = Canvas([say(key) for key in ("positions", "position", "dimension", "value")] + [subtitle])
    left, above, tall = 0.55, HEADING + MARGIN, max(0.8, min(0.16 * rows, 6.0))
    canvas.resize(left + ACROSS + MARGIN, above + tall + 0.34 + LEGEND)
    canvas.heading(say("positions"), subtitle)
    axes = canvas.axes(left, above, ACROSS, tall)
    most = 1.0 if trace.config["positions"].startswith("sinusoidal") else float(table.abs().max()) or 1.0
    colours, norm = scale("signed", most)
    place = (-0.5, width - 0.5, rows - 0.5, -0.5)
    image = axes.imshow(table.numpy(), cmap=colours, norm=norm, aspect="auto", interpolation="nearest", extent=place)
    for axis, count in ((axes.xaxis, width), (axes.yaxis, rows)):
        ticks = _round_places(count)
        axis.set_ticks(ticks, [str(one) for one in ticks], **canvas.style(SMALL, MUTED))
    axes.set_xlabel(say("dimension"), labelpad=3, **canvas.style(BODY))
    axes.set_ylabel(say("position"), labelpad=3, **canvas.style(BODY))
    canvas.legend(image, say("value"), None)
    return canvas.figure


def draw_beam(trace: Trace, language: str = "en") -> Figure:
    """The tree of the search: each hypothesis that was looked at, with its score, and what became of it.

    Raises TraceError where there is no tree, as the search was greedy or the target given, or a tree of thousands.
    """
    if not trace.tree:
        raise TraceError(
            "this trace has no tree, as its search was greedy or its target given; "
            "trace it with a beam: bundle.trace(text, beam_size=3)"
        )
    if len(trace.tree) > MOST_NODES:
        raise TraceError(
            f"the search looked at {len(trace.tree):,} hypotheses, more than the {MOST_NODES:,} that a picture can "
            "show; trace it with a smaller beam, or look at it in the page"
        )
    return draw_tree(trace, Captions(language))


def decided_head(trace: Trace, attention: str) -> int:
    """The head whose weights are the most decided: those of least entropy, over its rows. From 0."""
    weights = trace[f"{attention}.weights"]
    return int(torch.special.entr(weights).sum(-1).mean(-1).argmin())


def _framed(trace: Trace, attention: str, parts: list[Cells], titles: list[str], title: str, language: str) -> Figure:
    """One matrix, or several beside and below each other, with their heading, sides and legend."""
    say = Captions(language)
    side, layer = attention.split(".")[0], int(attention.split(".")[2])
    subtitle = say(side, number=layer + 1)
    notes = say(f"from.{side}"), say(f"to.{'decoder' if _kind(attention) == 'self_attention' else 'encoder'}")
    if side == "encoder":
        notes = say("from.encoder"), say("to.encoder")
    masked = say("masked") if any(part.masked.any() for part in parts) else None
    said = [*parts[0].rows, *parts[0].columns, title, subtitle, *notes, *titles, say("weight"), masked or ""]
    canvas = Canvas(said)
    grid = _Grid(canvas, parts, notes)
    width = max(grid.width, canvas.heading_width(title, subtitle), canvas.legend_width(say("weight"), masked))
    canvas.resize(width, grid.height)
    canvas.heading(title, subtitle)
    mesh = grid.draw(titles, notes)
    canvas.legend(mesh, say("weight"), masked)
    return canvas.figure


class _Grid:
    """Where each of several matrices of one size stands."""

    def __init__(self, canvas: Canvas, parts: list[Cells], notes: tuple[str, str]) -> None:
        self.canvas, self.parts = canvas, parts
        count = len(parts)
        self.across = (
            1 if count == 1 else min(4, next(n for n in range(2, count + 1) if n * n >= count and count % n == 0))
        )
        self.down = math.ceil(count / self.across)
        most, widest = (ACROSS, WIDEST) if count == 1 else (GRID / self.across, GRID_WIDEST)
        self.room: Room = room_for(canvas, parts[0], most, widest)
        rows, columns = parts[0].weights.shape
        self.wide, self.tall = columns * self.room.width, rows * self.room.height
        noted = max(canvas.measure(f"{one} ↓", SMALL) for one in notes) + 0.1
        self.left = MARGIN + max(self.room.left, noted)
        self.title = 0.0 if count == 1 else 0.24
        self.above = HEADING + MARGIN + max(self.room.above, 0.36)
        self.width = self.left + self.across * (self.wide + BETWEEN) - BETWEEN + max(self.room.beyond, 0) + MARGIN
        self.height = self.above + self.down * (self.tall + self.title + BETWEEN) - BETWEEN + 0.14 + LEGEND

    def draw(self, titles: list[str], notes: tuple[str, str]) -> ScalarMappable:
        many = sum(part.weights.numel() for part in self.parts) > MOST_CELLS
        for number, (part, title) in enumerate(zip(self.parts, titles, strict=True)):
            row, column = divmod(number, self.across)
            left = self.left + column * (self.wide + BETWEEN)
            top = self.above + row * (self.tall + self.title + BETWEEN)
            axes = self.canvas.axes(left, top, self.wide, self.tall)
            mesh = draw_cells(self.canvas, axes, part, self.room, many)
            unlabel(axes)
            if column == 0:
                label_rows(self.canvas, axes, part, self.room)
            if row == 0:
                label_columns(self.canvas, axes, part, self.room)
            if title:
                self.canvas.write(left + self.wide / 2, top + self.tall + 0.04, title, size=BODY, ha="center")
        note_sides(self.canvas, self.left, self.above, *notes)
        return mesh


def _kind(attention: str) -> str:
    return attention.rpartition(".")[2]


def _cells(trace: Trace, attention: str, head: int) -> Cells:
    weights, before = trace[f"{attention}.weights"], trace[f"{attention}.masked"]
    if not 0 <= head < len(weights):
        raise TraceError(f"head={head} is not a head of {attention}, which has {len(weights)}; count from 0")
    rows = trace.sequences.get("text") or (trace.source if attention.startswith("encoder") else trace.target)
    columns = trace.source if _kind(attention) == "cross_attention" else rows
    return Cells(weights[head], before[head] == -math.inf, rows.pieces, columns.pieces)


def _position_table(trace: Trace, positions: int) -> Tensor:
    config = trace.config
    if config["positions"] not in ADDED:
        raise TraceError(f"this model adds nothing for places: its positions ({config['positions']}) act in attention")
    if not 1 <= positions <= config["max_length"]:
        raise TraceError(f"positions={positions} is not between 1 and {config['max_length']}, the model's max_length")
    if (layout := tables.LAYOUTS.get(config["positions"])) is not None:
        return torch.from_numpy(layout(positions, config["width"]))
    # A trace without its model's weights has the vectors of its own places.
    own = "embedding.positions" if "text" in trace.sequences else "source_embedding.positions"
    known = trace.parameters.get(f"{own}.table", trace[own])
    return known[:positions].detach().float().cpu()


def _round_places(count: int) -> list[int]:
    """Some places from 0 on, at round distances."""
    spacing = next(one for one in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1 << 30) if count <= 10 * one)
    return list(range(0, count, spacing))
