"""A figure in inches, in the page's colours."""

import re
from pathlib import Path

import numpy
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

from clearhead.look import canvas
from clearhead.look.assets import asset
from clearhead.look.canvas import Canvas, number, save_figure, scale


@pytest.mark.parametrize(
    "name", ["paper", "ink", "muted", "line", "edge", "negative", "positive", "probability", "accent"]
)
def test_the_colours_are_the_pages(name: str) -> None:
    light = asset("style.css").split("@media")[0]
    [colour] = re.findall(rf"--{name}: (#[0-9a-f]{{6}});", light)
    assert getattr(canvas, name.upper()) == colour


def test_probabilities_are_fixed_to_zero_and_one() -> None:
    colours, norm = scale("probability")
    assert (norm.vmin, norm.vmax) == (0, 1)
    assert [to_hex(colours(end)) for end in (0.0, 1.0)] == [canvas.PAPER, canvas.PROBABILITY]


def test_signed_numbers_diverge_about_zero() -> None:
    colours, norm = scale("signed", 2.5)
    assert [float(norm(value)) for value in (-2.5, 0, 2.5)] == [0, 0.5, 1]
    assert [to_hex(colours(end)) for end in (0.0, 1.0)] == [canvas.NEGATIVE, canvas.POSITIVE]
    assert numpy.allclose(colours(0.5), (1, 1, 1, 1), atol=0.01)


def test_places_are_inches_from_the_top_left() -> None:
    drawing = Canvas(["a"])
    drawing.resize(8.0, 4.0)
    axes = drawing.axes(2.0, 1.0, 4.0, 2.0)
    assert axes.get_position().bounds == pytest.approx((0.25, 0.25, 0.5, 0.5))
    assert drawing.write(2.0, 1.0, "a").get_position() == pytest.approx((0.25, 0.75))


def test_a_text_is_measured_as_it_is_drawn() -> None:
    """matplotlib's own measure of the drawn text, in pixels of 1/72 inch here."""
    drawing = Canvas(["The animal"])
    drawing.figure.set_dpi(72)
    drawn = drawing.write(1.0, 1.0, "The animal", size=12.0, bold=True)
    width = drawn.get_window_extent(FigureCanvasAgg(drawing.figure).get_renderer()).width
    assert drawing.measure("The animal", 12.0, bold=True) == pytest.approx(width / 72, abs=0.02)


def test_signs_of_mathematics_stay_as_they_are() -> None:
    drawing = Canvas(["$x^2$"])
    assert not drawing.write(1.0, 1.0, "$x^2$").get_parse_math()


def test_numbers() -> None:
    assert [number(value) for value in (-1.0, 0.5, 0.12345)] == ["−1", "0.5", "0.123"]


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_the_same_picture_gives_the_same_bytes(ending: str, tmp_path: Path) -> None:
    for copy in ("one", "two"):
        drawing = Canvas(["a 1"])
        drawing.resize(2.0, 1.0)
        drawing.heading("a", "1")
        save_figure(drawing.figure, tmp_path / f"{copy}.{ending}")
    one, two = ((tmp_path / f"{copy}.{ending}").read_bytes() for copy in ("one", "two"))
    assert one == two
    assert len(one) > 500
    assert b"20" not in re.findall(rb"<dc:date>(..)", one)
