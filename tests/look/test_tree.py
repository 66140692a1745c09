"""The tree of a beam search as a picture."""

from typing import Any

import pytest
from matplotlib.patches import FancyBboxPatch, PathPatch

from clearhead.look import Exhibit
from clearhead.look.captions import Captions
from clearhead.look.tree import _score, draw_tree


@pytest.fixture(scope="module")
def axes(exhibit: Exhibit) -> Any:
    [axes] = draw_tree(exhibit.trace, Captions("en")).axes
    return axes


def test_a_box_for_each_node_and_fate_and_a_line_to_each_parent(axes: Any, exhibit: Exhibit) -> None:
    kinds = [type(one) for one in axes.patches]
    assert kinds.count(FancyBboxPatch) == len(exhibit.trace.tree) + 5
    assert kinds.count(PathPatch) == len(exhibit.trace.tree) - 1


def test_the_winner_stands_at_the_left_from_top_to_bottom(axes: Any, exhibit: Exhibit) -> None:
    winners = [one for one in axes.texts if one.get_fontweight() == "bold"]
    assert len({round(one.get_position()[0], 6) for one in winners}) == 1
    assert min(one.get_position()[0] for one in axes.texts if one.get_fontsize() == 9) == winners[0].get_position()[0]
    heights = [one.get_position()[1] for one in winners]
    assert heights == sorted(heights)
    pieces = [node["piece"] for node in exhibit.trace.tree if node["fate"] == "won"]
    assert [one.get_text() for one in winners] == [piece.replace("▁", "_") for piece in pieces]


def test_a_line_leads_from_a_box_to_a_box(axes: Any) -> None:
    tops = {(round(one.get_x() + one.get_width() / 2, 4), round(one.get_y(), 4)) for one in boxes(axes)}
    feet = {
        (x, round(one.get_y() + one.get_height(), 4)) for one, (x, _) in zip(boxes(axes), middles(axes), strict=True)
    }
    for line in (one for one in axes.patches if isinstance(one, PathPatch)):
        start, *_, end = [tuple(round(float(one), 4) for one in place) for place in line.get_path().vertices]
        assert start in feet
        assert end in tops


def boxes(axes: Any) -> list[Any]:
    return [one for one in axes.patches if isinstance(one, FancyBboxPatch)]


def middles(axes: Any) -> list[tuple[float, float]]:
    return [(round(one.get_x() + one.get_width() / 2, 4), one.get_y()) for one in boxes(axes)]


@pytest.mark.parametrize(
    ("score", "text"),
    [(-12.345, "−12.35"), (-0.51, "−0.51"), (-0.0123, "−0.012"), (-0.00021, "−0.0002"), (float("-inf"), "−∞")],
)
def test_scores(score: float, text: str) -> None:
    assert _score({"length": 1, "score": score}) == text
    assert _score({"length": 0, "score": score}) == ""
