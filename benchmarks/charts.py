"""Draws the tables of docs/benchmarks.md, into docs/images/: the tables are the only place where a figure is written.

    pip install matplotlib
    python benchmarks/charts.py

training.svg        every table with the column "target tokens a second", one panel each under its heading
translating.svg     the table with the columns "clearhead int8" and "CTranslate2 int8"
agreement.svg       the table whose first column is "words between, percent exactly right"

A table that is not there is not drawn. The same tables give the same files, byte for byte, with the same matplotlib.
"""

import argparse
import itertools
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

try:
    import matplotlib
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch
except ImportError:
    sys.exit("charts.py draws with matplotlib, which is not installed here; add it by: pip install matplotlib")

ROOT = Path(__file__).parents[1]
# Told apart by lightness alone too, for those who see or print no colour.
OURS, OTHERS, TEXT, FAINT = "#0b7a75", "#c9ccd0", "#1b2027", "#5c6570"
# Inches. With letters of 12 points a drawing of this width is still read where a phone shows it 380 pixels wide.
WIDTH = 6.4
STYLE = {
    "font.family": "DejaVu Sans", "font.size": 12, "text.color": TEXT, "axes.labelcolor": TEXT, "axes.edgecolor": FAINT,
    "xtick.color": FAINT, "ytick.color": FAINT, "axes.spines.top": False, "axes.spines.right": False,
    "legend.frameon": False, "legend.fontsize": 11, "figure.facecolor": "white", "svg.fonttype": "path",
    "svg.hashsalt": "clearhead",
}  # fmt: skip


# Heights in inches, which are the unit of a panel's second axis: of a name, of a bar, between groups, of a panel's
# title, of what follows it, and above all panels.
NAME, THICK, GAP, TITLE, AXIS, TOP = 0.26, 0.24, 0.13, 0.38, 0.12, 1.06
# What the first column of the table of translating says.
SIZES = {
    "base": "The paper's base sizes",
    "tiny": "A small model, trained on Multi30k",
    "base, AVX2": "The paper's base sizes, without AVX-512",
}
# What it says beside a distance in the table of agreement.
BEYOND = "more than in training"


@dataclass(frozen=True)
class MarkdownTable:
    """heading: the last one above it. Cells are plain text, without marks of bold type."""

    heading: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Bar:
    length: float
    label: str
    ours: bool


@dataclass(frozen=True)
class Group:
    """Bars under a name."""

    name: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Panel:
    title: str
    groups: Sequence[Group]

    @property
    def longest(self) -> float:
        return max(bar.length for group in self.groups for bar in group.bars)

    @property
    def height(self) -> float:
        return sum(NAME + THICK * len(group.bars) + GAP for group in self.groups) + GAP


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=Path, default=ROOT / "docs" / "benchmarks.md")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    chosen = parser.parse_args()
    tables = read_tables(chosen.tables.read_text(encoding="utf-8"))
    chosen.out.mkdir(parents=True, exist_ok=True)
    for name, draw in CHARTS.items():
        with matplotlib.rc_context(STYLE):
            figure = draw(tables)
        if figure is None:
            print(f"{name}: {chosen.tables} has no table for it", file=sys.stderr)
            continue
        save(figure, chosen.out / f"{name}.svg")
        print(chosen.out / f"{name}.svg")


def save(figure: Figure, path: Path) -> None:
    """Without a date and without random names."""
    with matplotlib.rc_context(STYLE):
        figure.savefig(path, metadata={"Date": None, "Creator": None})


def read_tables(text: str) -> list[MarkdownTable]:
    """Every table of a Markdown text, in order."""
    tables, heading = [], ""
    for is_table, lines in itertools.groupby(text.splitlines(), lambda line: line.startswith("|")):
        if is_table:
            head, _, *rows = (cells(line) for line in lines)
            tables.append(MarkdownTable(heading, head, tuple(rows)))
        else:
            heading = next((line.lstrip("# ") for line in reversed(list(lines)) if line.startswith("#")), heading)
    return tables


def cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip().replace("**", "").replace("`", "") for cell in line.strip().strip("|").split("|"))


def number(cell: str) -> float:
    """The first number of a cell: 2903 of "2,903 (1.10), 35 ms"."""
    found = re.search(r"\d[\d,]*(\.\d+)?", cell)
    if found is None:
        raise SystemExit(f"charts.py: {cell!r} holds no number; write one, such as 2,903")
    return float(found[0].replace(",", ""))


def training(tables: Sequence[MarkdownTable]) -> Figure | None:
    """Target tokens a second of each toolkit, and how many times as fast clearhead is."""
    panels = []
    for table in tables:
        if table.head[1:2] == ("target tokens a second",):
            panels.append(Panel(table.heading, [Group(row[0], (trained(*row[:3]),)) for row in table.rows]))
    labels = ("clearhead", "another toolkit, or plain PyTorch")
    return bars("Training speed", panels, labels, "target tokens a second, and (n×): clearhead is n times as fast")


def trained(name: str, speed: str, ratio: str) -> Bar:
    times = f"  ({number(ratio):.2f}×)" if number(ratio) != 1 else ""
    return Bar(number(speed), f"{number(speed):,.0f}{times}", name.startswith("clearhead"))


def translating(tables: Sequence[MarkdownTable]) -> Figure | None:
    """How many times as fast as CTranslate2: in each size and way, both toolkits."""
    found = [table for table in tables if table.head[2:4] == ("clearhead int8", "CTranslate2 int8")]
    rows = [row for table in found for row in table.rows]
    panels = []
    for size, of_size in itertools.groupby(rows, lambda row: row[0]):
        groups = [Group(way, beside(ours, theirs)) for _, way, ours, theirs, *_ in of_size]
        panels.append(Panel(SIZES.get(size, size), groups))
    labels = ("clearhead, int8", "CTranslate2, int8")
    note = "length: times as fast as CTranslate2; numbers: target tokens a second"
    # One scale for all, so that CTranslate2's bars are equally long everywhere.
    longest = max((panel.longest for panel in panels), default=None)
    return bars("Translating speed", panels, labels, note, longest, line=1.0)


def beside(ours: str, theirs: str) -> tuple[Bar, Bar]:
    """Bars in CTranslate2's speed. The ratio is the table's own, in brackets, where it says: a median of rounds."""
    stated = re.search(r"\(([\d.]+)\)", ours)
    ratio = float(stated[1]) if stated else number(ours) / number(theirs)
    return Bar(ratio, f"{number(ours):,.0f}  ({ratio:.2f}×)", True), Bar(1.0, f"{number(theirs):,.0f}", False)


def bars(
    title: str,
    panels: Sequence[Panel],
    labels: tuple[str, str],
    note: str,
    longest: float | None = None,
    line: float | None = None,
) -> Figure | None:
    """Panels of horizontal bars, one below the other, with the names above their bars: there is room for long ones.

    Every bar says its number, so there are no axes. longest: what the panels are made for; each panel's own longest
    bar, if not given. line: a length that bars are to be compared with.
    """
    if not panels:
        return None
    above = TITLE if len(panels) > 1 else 0.0  # A heading of one panel says what the title says.
    height = TOP + sum(above + panel.height + AXIS for panel in panels)
    figure, below = Figure(figsize=(WIDTH, height)), height - TOP
    for panel in panels:
        below -= above + panel.height
        axes = figure.add_axes((0.2 / WIDTH, below / height, (WIDTH - 0.4) / WIDTH, panel.height / height))
        if above:
            axes.set_title(panel.title, loc="left", fontsize=12, color=FAINT, pad=8)
        draw_groups(axes, panel, longest or panel.longest, line)
        below -= AXIS
    figure.text(0.2 / WIDTH, 1 - 0.12 / height, title, va="top", fontsize=15, fontweight="bold")
    handles = [Patch(color=OURS, label=labels[0]), Patch(color=OTHERS, label=labels[1])]
    place = (0.2 / WIDTH, 1 - 0.44 / height)
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=place, ncols=2, borderpad=0, borderaxespad=0,
                  columnspacing=1.4, handlelength=1.2)  # fmt: skip
    figure.text(0.2 / WIDTH, 1 - 0.74 / height, note, va="top", fontsize=11, color=FAINT)
    return figure


def draw_groups(axes: Axes, panel: Panel, longest: float, line: float | None) -> None:
    axes.set_xlim(0, 1.3 * longest)
    axes.set_ylim(panel.height, 0)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    top = GAP
    for group in panel.groups:
        ours = group.bars[0].ours and len(group.bars) == 1
        axes.text(0, top + NAME - 0.05, group.name, va="baseline", fontweight="bold" if ours else None)
        top += NAME
        for bar in group.bars:
            middle = top + THICK / 2
            axes.barh(middle, bar.length, THICK - 0.02, color=OURS if bar.ours else OTHERS)
            colour = TEXT if bar.ours else FAINT
            axes.text(bar.length + 0.015 * longest, middle, bar.label, va="center_baseline", fontsize=11, color=colour)
            if line is not None and bar.length > line:
                axes.plot([line, line], [top + 0.01, top + THICK - 0.01], color="white", linewidth=1.2)
            top += THICK
        top += GAP


def agreement(tables: Sequence[MarkdownTable]) -> Figure | None:
    """Agreement by distance: each model's mean of the directions as a line, and their range as a band."""
    wanted = next((table for table in tables if table.head[0].startswith("words between")), None)
    if wanted is None:
        return None
    distances = [int(number(row[0])) for row in wanted.rows]
    beyond = [distance for distance, row in zip(distances, wanted.rows, strict=True) if BEYOND in row[0]]
    figure = Figure(figsize=(WIDTH, 4.6))
    axes = figure.add_axes((0.14, 0.14, 0.83, 0.6))
    lines = (("Transformer", OURS, "-", "o"), ("GRU with attention", "#dd7a12", "--", "s"))
    for name, colour, dashes, mark in lines:
        columns = [place for place, head in enumerate(wanted.head) if head.startswith(name)]
        values = [[number(row[place]) for place in columns] for row in wanted.rows]
        axes.fill_between(distances, [min(row) for row in values], [max(row) for row in values],
                          color=colour, alpha=0.16, linewidth=0)  # fmt: skip
        axes.plot(distances, [fmean(row) for row in values], dashes, color=colour, marker=mark, markersize=6,
                  linewidth=2, label=name)  # fmt: skip
    handles, _ = axes.get_legend_handles_labels()
    handles.append(Patch(color=FAINT, alpha=0.3, linewidth=0, label="from the worst direction to the best"))
    if beyond:
        axes.axvspan(min(beyond) - 0.5, max(beyond) + 0.5, facecolor="#eef0f2", zorder=0)
        axes.text(max(beyond) + 0.4, 103, "beyond training", ha="right", va="bottom", fontsize=11, color=FAINT)
    axes.set_xlim(min(distances) - 0.5, max(distances) + 0.5)
    axes.set_ylim(-2, 102)
    axes.set_xticks(distances)
    axes.set_yticks(range(0, 101, 20))
    axes.set_xlabel("words between the subject's head and its verb")
    axes.set_ylabel("percent exactly right")
    axes.grid(axis="y", color="#e3e6e9", linewidth=0.8)
    axes.set_axisbelow(True)
    figure.text(0.03, 0.975, "Agreement at a distance", va="top", fontsize=15, fontweight="bold")
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.03, 0.905), ncols=2, borderpad=0,
                  borderaxespad=0, columnspacing=1.4)  # fmt: skip
    return figure


CHARTS: dict[str, Callable[[Sequence[MarkdownTable]], Figure | None]] = {
    "training": training,
    "translating": translating,
    "agreement": agreement,
}

if __name__ == "__main__":
    main()
