"""A matplotlib figure measured in inches from its top left corner, in the page's colours, with fonts that are there."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Patch
from matplotlib.text import Text

from clearhead.files import publish_file
from clearhead.look.fonts import Fonts
from clearhead.look.notebook import show_figures

# The page's, from page/style.css; a test holds them equal.
PAPER, INK, MUTED, LINE, EDGE = "#ffffff", "#1b2027", "#5c6570", "#d9d8d3", "#8b9099"
NEGATIVE, POSITIVE, PROBABILITY, ACCENT = "#2a6fb5", "#dd7a12", "#5b3a9e", "#0b7a75"
PROBABILITIES = LinearSegmentedColormap.from_list("probabilities", [PAPER, PROBABILITY])
SIGNED = LinearSegmentedColormap.from_list("signed", [NEGATIVE, PAPER, POSITIVE])

MARGIN, HEADING, LEGEND = 0.16, 0.56, 0.56
TITLE, BODY, SMALL = 13.0, 9.0, 8.0  # Points.
HATCH: dict[str, Any] = {"hatch": "//////", "facecolor": PAPER, "edgecolor": EDGE, "linewidth": 0}
RESOLUTION = 200  # Pixels an inch.
RULER = RendererAgg(8, 8, 72)  # type: ignore[no-untyped-call]  # In points, 72 of which are an inch.


class Canvas:
    """texts: all that will be written on it, so that fonts are found that have their letters."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.fonts = Fonts(texts)
        self.figure = Figure(facecolor=PAPER)
        show_figures()

    def resize(self, width: float, height: float) -> None:
        self.figure.set_size_inches(width, height)

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Axes without a frame; all in inches."""
        across, down = self.figure.get_size_inches()
        axes = self.figure.add_axes((left / across, 1 - (top + height) / down, width / across, height / down))
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0, pad=3)
        return axes

    def style(self, size: float = BODY, colour: str = INK, bold: bool = False) -> dict[str, Any]:
        """How text is written: as it stands, whatever signs of mathematics are in it."""
        weight = "bold" if bold else "normal"
        family = self.fonts.families
        return {"fontfamily": family, "fontsize": size, "color": colour, "fontweight": weight, "parse_math": False}

    def write(self, left: float, top: float, text: str, **style: Any) -> Text:
        """Text below and to the right of a place, unless `ha` and `va` say otherwise."""
        across, down = self.figure.get_size_inches()
        place = {"va": "top", "ha": "left"} | {
            name: style.pop(name) for name in ("ha", "va", "rotation") if name in style
        }
        said = self.fonts.drawable(text)
        return self.figure.text(left / across, 1 - top / down, said, **place, **self.style(**style))

    def heading(self, title: str, subtitle: str) -> None:
        self.write(MARGIN, MARGIN, title, size=TITLE, bold=True)
        self.write(MARGIN, MARGIN + 0.25, subtitle, size=SMALL, colour=MUTED)

    def heading_width(self, title: str, subtitle: str) -> float:
        return 2 * MARGIN + max(self.measure(title, TITLE, bold=True), self.measure(subtitle, SMALL))

    def measure(self, text: str, size: float = BODY, bold: bool = False) -> float:
        """The width of a text in inches."""
        weight = "bold" if bold else "normal"
        properties = FontProperties(family=self.fonts.families, size=size, weight=weight)
        said = self.fonts.drawable(text)
        width, _, _ = RULER.get_text_width_height_descent(said, properties, ismath=False)  # type: ignore[no-untyped-call]
        return float(width) / 72

    def legend(self, colours: ScalarMappable, label: str, masked: str | None) -> None:
        """At the foot: the scale from end to end with what its numbers are, and what hatching means."""
        across, down = self.figure.get_size_inches()
        top = down - LEGEND + 0.12
        bar = self.axes(MARGIN + 0.05, top, 1.5, 0.12)
        low, high = colours.get_clim()
        scale = self.figure.colorbar(colours, cax=bar, orientation="horizontal", ticks=[low, (low + high) / 2, high])
        scale.outline.set(edgecolor=LINE, linewidth=0.8)
        scale.ax.set_xticks(scale.get_ticks(), [number(one) for one in scale.get_ticks()], **self.style(SMALL, MUTED))
        scale.ax.tick_params(length=0)
        self.write(MARGIN + 1.7, top + 0.06, label, size=SMALL, va="center")
        if masked is not None:
            place = ((MARGIN + 1.85 + self.measure(label, SMALL)) / across, 1 - (top + 0.06) / down)
            self.figure.legend(
                [Patch(**HATCH)], [masked], loc="center left", bbox_to_anchor=place, frameon=False, borderpad=0,
                borderaxespad=0, handlelength=1.4, prop={"family": self.fonts.families, "size": SMALL}, labelcolor=INK,
            )  # fmt: skip

    def legend_width(self, label: str, masked: str | None) -> float:
        rest = 0.0 if masked is None else 0.45 + self.measure(masked, SMALL)
        return 2 * MARGIN + 1.7 + self.measure(label, SMALL) + rest


def scale(kind: str, most: float = 1.0) -> tuple[Colormap, Normalize]:
    """Colours of numbers: of a probability over [0, 1], of any other about zero up to `most`."""
    if kind == "probability":
        return PROBABILITIES, Normalize(0, 1)
    return SIGNED, Normalize(-most, most)


def number(value: float) -> str:
    """Three digits at most, with a minus sign."""
    return f"{value:.3g}".replace("-", "−")


def save_figure(figure: Figure, path: str | Path, resolution: int = RESOLUTION) -> None:
    """Write a picture, whole or not at all, in the format that its name ends with (.png, .svg, .pdf, …).

    The same figure gives the same bytes with the same matplotlib and fonts; letters are outlines, which look the same
    everywhere. resolution: pixels an inch. Raises ValueError for an ending that matplotlib does not know.
    """
    path = Path(path)
    kind = path.suffix.lower().removeprefix(".")
    undated = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}, "pdf": {"CreationDate": None}}
    with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "clearhead"}), publish_file(path) as draft:
        figure.savefig(draft, format=kind, dpi=resolution, metadata=undated.get(kind))
