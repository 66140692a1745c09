"""The tree of a beam search as a picture: time runs downwards, the hypothesis that won stands at the left."""

import math
from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, PathPatch
from matplotlib.path import Path

from clearhead.look.canvas import ACCENT, BODY, EDGE, HEADING, INK, LINE, MARGIN, MUTED, PAPER, SMALL, Canvas
from clearhead.look.captions import Captions
from clearhead.tracing import Trace

BOX, PITCH, BETWEEN, LEAST = 0.26, 0.46, 0.16, 0.8  # Inches: a node's height, a step's, between nodes, a node's width.
TINY = 7.0  # Points, of scores.
FATES: dict[str, dict[str, Any]] = {
    "won": {"edgecolor": ACCENT, "linewidth": 1.8, "linestyle": "-", "facecolor": "#e3f2f0"},
    "live": {"edgecolor": INK, "linewidth": 0.9, "linestyle": "-", "facecolor": PAPER},
    "finished": {"edgecolor": INK, "linewidth": 0.9, "linestyle": "-.", "facecolor": "#efeeea"},
    "dropped": {"edgecolor": EDGE, "linewidth": 0.7, "linestyle": (0, (4, 2.5)), "facecolor": PAPER},
    "stopped": {"edgecolor": INK, "linewidth": 1.2, "linestyle": (0, (1, 1.5)), "facecolor": PAPER},
}

Node = Mapping[str, Any]


def draw_tree(trace: Trace, say: Captions) -> Figure:
    """Every node of the trace's tree. The caller has seen to it that there is one."""
    return _Drawing(trace, say).figure


class _Drawing:
    def __init__(self, trace: Trace, say: Captions) -> None:
        self.trace = trace
        subtitle = say("beam.size", size=trace.settings.get("beam_size", "?"))
        told = say("beam.score", penalty=trace.settings.get("length_penalty", "?"))
        fates = [say(fate) for fate in FATES]
        self.canvas = Canvas([say("beam"), subtitle, told, *fates, *(node["piece"] for node in trace.tree)])
        self.rows = _rows(trace)
        self.wide = max(LEAST, *(self._width(node) for node in trace.tree))
        self.left, self.above = MARGIN + 0.3, HEADING + MARGIN + 0.5
        most = max(len(row) for row in self.rows)
        tree = self.left + most * (self.wide + BETWEEN) - BETWEEN + MARGIN
        legend = 2 * MARGIN + sum(0.62 + self.canvas.measure(fate, SMALL) for fate in fates)
        width = max(tree, legend, self.canvas.heading_width(say("beam"), f"{subtitle} · {told}"))
        self.canvas.resize(width, self.above + len(self.rows) * PITCH - PITCH + BOX + MARGIN)
        self.canvas.heading(say("beam"), f"{subtitle} · {told}")
        self._draw(say)
        self.figure = self.canvas.figure

    def _width(self, node: Node) -> float:
        bold = node["fate"] == "won"
        return 0.28 + self.canvas.measure(node["piece"], BODY, bold) + self.canvas.measure(_score(node), TINY)

    def _draw(self, say: Captions) -> None:
        across, down = self.canvas.figure.get_size_inches()
        axes = self.canvas.axes(0.0, 0.0, across, down)
        axes.set(xlim=(0, across), ylim=(down, 0), xticks=[], yticks=[])
        places = {
            node["number"]: (column, row) for row, nodes in enumerate(self.rows) for column, node in enumerate(nodes)
        }
        order = sorted(self.trace.tree, key=lambda node: node["fate"] == "won")
        for node in order:
            if node["parent"] >= 0:
                self._edge(axes, places[node["parent"]], places[node["number"]], FATES[node["fate"]])
        for node in order:
            self._node(axes, *places[node["number"]], node)
        for row in range(1, len(self.rows)):
            middle = self.above + row * PITCH + BOX / 2
            axes.text(self.left - 0.1, middle, str(row), ha="right", va="center", **self.canvas.style(SMALL, MUTED))
        self._legend(axes, say)

    def _edge(self, axes: Axes, parent: tuple[int, int], child: tuple[int, int], style: Mapping[str, Any]) -> None:
        (start, top), (end, bottom) = self._foot(*parent), self._head(*child)
        middle = (top + bottom) / 2
        path = Path([(start, top), (start, middle), (end, middle), (end, bottom)], [1, 4, 4, 4])
        line = {key: style[key] for key in ("edgecolor", "linewidth", "linestyle")}
        axes.add_patch(PathPatch(path, **line, facecolor="none"))

    def _head(self, column: int, row: int) -> tuple[float, float]:
        return self.left + column * (self.wide + BETWEEN) + self.wide / 2, self.above + row * PITCH

    def _foot(self, column: int, row: int) -> tuple[float, float]:
        middle, top = self._head(column, row)
        return middle, top + BOX

    def _node(self, axes: Axes, column: int, row: int, node: Node) -> None:
        middle, top = self._head(column, row)
        left, centre = middle - self.wide / 2, top + BOX / 2
        _box(axes, left, top, self.wide, FATES[node["fate"]])
        colour, bold = (MUTED if node["fate"] == "dropped" else INK), node["fate"] == "won"
        piece = self.canvas.fonts.drawable(node["piece"])
        axes.text(left + 0.08, centre, piece, ha="left", va="center", **self.canvas.style(BODY, colour, bold))
        style = self.canvas.style(TINY, MUTED)
        axes.text(left + self.wide - 0.07, centre, _score(node), ha="right", va="center", **style)

    def _legend(self, axes: Axes, say: Captions) -> None:
        left, top = MARGIN, HEADING + 0.12
        for fate, style in FATES.items():
            _box(axes, left, top, 0.34, style, 0.17)
            said = say(fate)
            axes.text(left + 0.42, top + 0.085, said, ha="left", va="center", **self.canvas.style(SMALL))
            left += 0.62 + self.canvas.measure(said, SMALL)
        axes.plot([MARGIN, self.canvas.figure.get_figwidth() - MARGIN], [top + 0.3] * 2, color=LINE, linewidth=0.8)


def _box(axes: Axes, left: float, top: float, wide: float, style: Mapping[str, Any], tall: float = BOX) -> None:
    axes.add_patch(FancyBboxPatch((left, top), wide, tall, boxstyle="round,pad=0,rounding_size=0.05", **style))


def _rows(trace: Trace) -> list[list[Node]]:
    """The nodes of each length, the one on the way to the winner first, then by score."""
    rows: list[list[Node]] = [[] for _ in range(1 + max(node["length"] for node in trace.tree))]
    for node in trace.tree:
        rows[node["length"]].append(node)
    return [sorted(row, key=lambda node: (node["fate"] != "won", -node["score"])) for row in rows]


def _score(node: Node) -> str:
    if node["length"] == 0:
        return ""
    score = node["score"]
    if not math.isfinite(score):
        return "−∞"
    # A sure model's are small: further places tell them from nothing.
    places = next((places for places in (2, 3, 4) if abs(score) >= 5 * 0.1**places), 4)
    return f"{score:.{places}f}".replace("-", "−")
