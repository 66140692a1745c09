"""Matrices of attention weights as coloured cells with a token beside each row and above each column."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection, QuadMesh
from matplotlib.patches import Rectangle
from torch import Tensor

from clearhead.look.canvas import BODY, HATCH, INK, LINE, MUTED, PAPER, SMALL, Canvas, scale

# Inches. A cell as wide as WITH_NUMBERS has its number in it; a narrower one than SLANTED has upright labels, and one
# than LINED has no lines around it, which would hide its colour.
WITH_NUMBERS, SLANTED, LINED, LEAST = 0.32, 0.2, 0.12, 0.07
# Above so many cells a picture of lines stores them as pixels: a file of lines would be of many megabytes.
MOST_CELLS = 6000


@dataclasses.dataclass(frozen=True)
class Cells:
    """weights: what is in each cell. masked: which of them were not to be looked at."""

    weights: Tensor
    masked: Tensor
    rows: Sequence[str]
    columns: Sequence[str]


@dataclasses.dataclass(frozen=True)
class Room:
    """What a matrix takes, in inches: a cell, and the labels at its left and above it. size: of letters, in points."""

    width: float
    height: float
    left: float
    above: float
    beyond: float
    size: float

    @property
    def turn(self) -> int:
        """By how many degrees the labels above the columns are turned."""
        return 45 if self.width >= SLANTED else 90


def room_for(canvas: Canvas, cells: Cells, across: float, widest: float) -> Room:
    """Cells that together are `across` inches wide, if they need not be narrower than LEAST or wider than `widest`."""
    width = min(widest, max(LEAST, across / max(1, len(cells.columns))))
    height = width if width < 0.16 else max(0.16, 0.68 * width)
    size = min(BODY, max(4.5, 60 * height))
    rows, columns = (max(canvas.measure(one, size) for one in labels) for labels in (cells.rows, cells.columns))
    last = canvas.measure(cells.columns[-1], size)
    if width < SLANTED:
        return Room(width, height, rows + 0.06, columns + 0.08, 0.0, size)
    diagonal = math.sqrt(0.5)
    beyond = max(0.0, last * diagonal - width / 2 + 0.04)
    return Room(width, height, rows + 0.06, columns * diagonal + 0.16, beyond, size)


def draw_cells(canvas: Canvas, axes: Axes, cells: Cells, room: Room, many: bool = False) -> QuadMesh:
    """Fill axes whose size is the room's; `many`: as pixels."""
    colours, norm = scale("probability")
    edge, line = (LINE, 0.5) if room.width >= LINED else ("none", 0.0)
    values = cells.weights.numpy()
    mesh = axes.pcolormesh(values, cmap=colours, norm=norm, edgecolors=edge, linewidth=line, rasterized=many)
    axes.spines[:].set(visible=True, color=LINE, linewidth=0.5)
    axes.invert_yaxis()
    hidden = [Rectangle((column, row), 1, 1) for row, column in cells.masked.nonzero().tolist()]
    if hidden:
        axes.add_collection(PatchCollection(hidden, **HATCH, hatch_linewidth=0.5, rasterized=many))
    if room.width >= WITH_NUMBERS:
        _write_numbers(canvas, axes, cells)
    return mesh


def _write_numbers(canvas: Canvas, axes: Axes, cells: Cells) -> None:
    for row, line in enumerate(cells.weights.tolist()):
        for column, weight in enumerate(line):
            if not cells.masked[row, column]:
                # Where the purple is dark enough white letters are easier to read.
                colour = PAPER if weight > 0.5 else INK if weight >= 0.1 else MUTED
                style = canvas.style(6.5, colour)
                axes.text(column + 0.5, row + 0.5, f"{weight:.2f}", ha="center", va="center_baseline", **style)


def label_rows(canvas: Canvas, axes: Axes, cells: Cells, room: Room) -> None:
    places = [row + 0.5 for row in range(len(cells.rows))]
    axes.set_yticks(places, _drawable(canvas, cells.rows), **canvas.style(room.size))


def label_columns(canvas: Canvas, axes: Axes, cells: Cells, room: Room) -> None:
    slanted: dict[str, Any] = {"ha": "left", "va": "bottom", "rotation_mode": "anchor"} if room.turn == 45 else {}
    places = [column + 0.5 for column in range(len(cells.columns))]
    axes.xaxis.tick_top()
    labels = _drawable(canvas, cells.columns)
    axes.set_xticks(places, labels, rotation=room.turn, **slanted, **canvas.style(room.size))


def unlabel(axes: Axes) -> None:
    axes.set(xticks=[], yticks=[])


def note_sides(canvas: Canvas, left: float, top: float, rows: str, columns: str) -> None:
    """What the rows and the columns are, at the corner where both begin."""
    for above, text in ((0.21, f"{columns} →"), (0.06, f"{rows} ↓")):
        canvas.write(left - 0.08, top - above, text, size=SMALL, colour=MUTED, ha="right", va="bottom")


def _drawable(canvas: Canvas, labels: Sequence[str]) -> list[str]:
    return [canvas.fonts.drawable(one) for one in labels]
