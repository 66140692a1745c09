"""Draws results of benchmarks/results/ into docs/images/: a figure is written there and nowhere else.

    pip install matplotlib
    python benchmarks/charts.py

training.svg        training-tiny, training-tiny-avx2 and training-base, one panel each
translating.svg     translating and translating-avx2, one panel for each size
agreement.svg       attention-distance

The same results give the same files, byte for byte, with the same matplotlib.
"""

import argparse
import itertools
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from results_file import Cell, Result, read

from clearhead.street.agreement import TRAINED

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
# What a result of translating says in its first column.
SIZES = {
    "base": "The paper's base sizes",
    "tiny": "A small model, trained on Multi30k",
    "base, AVX2": "The paper's base sizes, without AVX-512",
}


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
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    for name, (draw, sources) in CHARTS.items():
        with matplotlib.rc_context(STYLE):
            figure = draw([read(source) for source in sources])
        save(figure, chosen.out / f"{name}.svg")
        print(chosen.out / f"{name}.svg")


def save(figure: Figure, path: Path) -> None:
    """Without a date and without random names."""
    with matplotlib.rc_context(STYLE):
        figure.savefig(path, metadata={"Date": None, "Creator": None})


def training(results: Sequence[Result]) -> Figure:
    """Target tokens a second of each toolkit, and how many times as fast clearhead is."""
    panels = [
        Panel(result.what, [Group(plain(row["toolkit"]), (trained(row),)) for row in result.rows]) for result in results
    ]
    labels = ("clearhead", "another toolkit, or plain PyTorch")
    return bars("Training speed", panels, labels, "target tokens a second, and (n×): clearhead is n times as fast")


def trained(row: Mapping[str, Cell]) -> Bar:
    speed, ratio = float(row["target tokens a second"]), float(row["clearhead is so many times as fast"])
    times = f"  ({ratio:.2f}×)" if ratio != 1 else ""
    return Bar(speed, f"{speed:,.0f}{times}", str(row["toolkit"]).startswith("clearhead"))


def plain(cell: Cell) -> str:
    """Without the marks of code."""
    return str(cell).replace("`", "")


def translating(results: Sequence[Result]) -> Figure:
    """How many times as fast as CTranslate2: in each size and way, both toolkits."""
    rows = [row for result in results for row in result.rows]
    panels = []
    for size, of_size in itertools.groupby(rows, lambda row: str(row["size"])):
        groups = [Group(str(row["way"]), beside(row)) for row in of_size]
        panels.append(Panel(SIZES.get(size, size), groups))
    labels = ("clearhead, int8", "CTranslate2, int8")
    note = "length: times as fast as CTranslate2; numbers: target tokens a second"
    # One scale for all, so that CTranslate2's bars are equally long everywhere.
    return bars("Translating speed", panels, labels, note, max(panel.longest for panel in panels), line=1.0)


def beside(row: Mapping[str, Cell]) -> tuple[Bar, Bar]:
    """Bars in CTranslate2's speed: the ratio is a median of rounds."""
    ours, theirs = (float(row[name]) for name in ("clearhead int8", "CTranslate2 int8"))
    ratio = float(row["clearhead int8, times CTranslate2 int8"])
    return Bar(ratio, f"{ours:,.0f}  ({ratio:.2f}×)", True), Bar(1.0, f"{theirs:,.0f}", False)


def bars(
    title: str,
    panels: Sequence[Panel],
    labels: tuple[str, str],
    note: str,
    longest: float | None = None,
    line: float | None = None,
) -> Figure:
    """Panels of horizontal bars, one below the other, with the names above their bars: there is room for long ones.

    Every bar says its number, so there are no axes. longest: what the panels are made for; each panel's own longest
    bar, if not given. line: a length that bars are to be compared with.
    """
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


def agreement(results: Sequence[Result]) -> Figure:
    """Agreement by distance: each model's mean of the directions as a line, and their range as a band."""
    rows = results[0].rows
    distances = [int(row["words between"]) for row in rows]
    beyond = [distance for distance in distances if distance > TRAINED]
    figure = Figure(figsize=(WIDTH, 4.6))
    axes = figure.add_axes((0.14, 0.14, 0.83, 0.6))
    lines = (("Transformer", OURS, "-", "o"), ("GRU with attention", "#dd7a12", "--", "s"))
    for name, colour, dashes, mark in lines:
        values = [[float(row[column]) for column in row if column.startswith(name)] for row in rows]
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


# Each chart, and the results that it draws.
CHARTS: dict[str, tuple[Callable[[Sequence[Result]], Figure], tuple[str, ...]]] = {
    "training": (training, ("training-tiny", "training-tiny-avx2", "training-base")),
    "translating": (translating, ("translating", "translating-avx2")),
    "agreement": (agreement, ("attention-distance",)),
}

if __name__ == "__main__":
    main()
