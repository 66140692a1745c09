"""benchmarks/charts.py: what stands in benchmarks/results/ is what is drawn, and nothing overlaps."""

import importlib
import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

ROOT = Path(__file__).parents[2]
HEADS = [f"{model}, {way}" for model in ("Transformer", "GRU with attention") for way in ("en → fr", "en → ko")]


def result(what: str, columns: Sequence[str], *rows: Sequence[str | float]) -> Any:
    made = [dict(zip(columns, row, strict=True)) for row in rows]
    return importlib.import_module("results_file").Result(what, ["make it"], "A", "2026-11-29", "Once", made, {})


def by_hand(name: str) -> list[Any]:
    """Results for the chart of this name, small enough to be read."""
    training = ("toolkit", "target tokens a second", "clearhead is so many times as fast", "peak memory, MiB")
    translating = ("size", "way", "clearhead int8", "clearhead int8, times CTranslate2 int8", "CTranslate2 int8")
    small = [("clearhead (`auto`)", 8995, 1.0, 1725), ("JoeyNMT 2.3.0", 1127, 8.59, 2248)]
    large = [("clearhead", 800, 1.0, 1725), ("the same model through plain nn.Linear, in bfloat16", 400, 2.0, 2248)]
    ways = [("base", "one at a time, greedy", 781, 5.33, 148), ("tiny", "batches, beam 5", 5756, 0.667, 8634)]
    spans = [(0, 100, 98, 90, 80), (8, 99, 97, 60, 50), (9, 60, 40, 0, 10)]
    return {
        "training": [result("Small", training, *small), result("Large", training, *large)],
        "translating": [result("Translating", translating, *ways)],
        "agreement": [result("Attention", ("words between", *HEADS), *spans)],
    }[name]


def stored(charts: Any, name: str) -> list[Any]:
    return [charts.read(source) for source in charts.CHARTS[name][1]]


@pytest.fixture(scope="module")
def charts() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        yield importlib.import_module("charts")


def drawn(charts: Any, name: str, results: Sequence[Any] | None = None) -> Any:
    with matplotlib.rc_context(charts.STYLE):
        return charts.CHARTS[name][0](by_hand(name) if results is None else results)


def widths(axes: Any) -> list[float]:
    return [round(bar.get_width(), 3) for bar in axes.patches]


def test_training_has_a_bar_for_each_row_and_a_panel_for_each_table(charts: Any) -> None:
    small, large = drawn(charts, "training").axes
    assert widths(small) == [8995, 1127]
    assert widths(large) == [800, 400]
    assert small.get_title(loc="left") == "Small"
    assert [text.get_text() for text in small.texts] == [
        "clearhead (auto)", "8,995", "JoeyNMT 2.3.0", "1,127  (8.59×)"
    ]  # fmt: skip


def test_translating_is_measured_in_ctranslate2s_speed(charts: Any) -> None:
    """As the result says, a median of rounds. One scale for both panels."""
    base, tiny = drawn(charts, "translating").axes
    assert widths(base) == [5.33, 1.0]
    assert widths(tiny) == [0.667, 1.0]
    assert base.get_xlim() == tiny.get_xlim()


def test_agreement_is_the_mean_of_the_directions_and_shades_what_training_lacks(charts: Any) -> None:
    (axes,) = drawn(charts, "agreement").axes
    lines = {line.get_label(): list(line.get_ydata()) for line in axes.lines}
    assert lines == {"Transformer": [99, 98, 50], "GRU with attention": [85, 55, 5]}
    assert "beyond training" in [text.get_text() for text in axes.texts]
    assert [(patch.get_x(), patch.get_width()) for patch in axes.patches] == [(8.5, 1.0)]


def is_beyond_its_axis(label: Any) -> bool:
    """A tick outside of what is shown has a label that is not drawn."""
    return any(
        label is one and not axes.get_xlim()[0] <= place <= axes.get_xlim()[1]
        for axes in label.figure.axes
        for one, place in zip(axes.get_xticklabels(), axes.get_xticks(), strict=True)
    )


@pytest.mark.parametrize("of", [by_hand, None], ids=["by hand", "stored"])
@pytest.mark.parametrize("name", ["training", "translating", "agreement"])
def test_no_two_texts_overlap_and_all_are_inside(charts: Any, name: str, of: Any) -> None:
    figure = drawn(charts, name, of(name) if of else stored(charts, name))
    figure.draw_without_rendering()
    renderer = FigureCanvasAgg(figure).get_renderer()
    visible = [one for one in figure.findobj(Text) if one.get_visible() and one.get_text().strip()]
    labels = [one for one in visible if not is_beyond_its_axis(one)]
    boxes = [(one.get_text(), one.get_window_extent(renderer)) for one in labels]
    for said, box in boxes:
        assert figure.bbox.x0 <= box.x0, said
        assert box.x1 <= figure.bbox.x1, said
        assert figure.bbox.y0 <= box.y0, said
        assert box.y1 <= figure.bbox.y1, said
    for (said, box), (other, another) in itertools.combinations(boxes, 2):
        assert not box.overlaps(another), f"{said!r} and {other!r}"


def test_the_same_results_give_the_same_file(charts: Any, tmp_path: Path) -> None:
    for name in charts.CHARTS:
        for copy in ("one", "two"):
            charts.save(drawn(charts, name), tmp_path / f"{name}-{copy}.svg")
        one, two = ((tmp_path / f"{name}-{copy}.svg").read_bytes() for copy in ("one", "two"))
        assert one == two
        assert b"dc:date" not in one


def bars_of(svg: Path) -> list[list[float]]:
    """The corners of everything that is filled."""
    paths = re.findall(r'<g id="patch_\d+">\s*<path d="([^"]+)"', svg.read_text(encoding="utf-8"))
    return [[float(one) for one in re.findall(r"-?\d+\.?\d*", path)] for path in paths]


@pytest.mark.parametrize("name", ["training", "translating", "agreement"])
def test_the_stored_charts_are_those_of_the_results(charts: Any, name: str, tmp_path: Path) -> None:
    charts.save(drawn(charts, name, stored(charts, name)), tmp_path / "new.svg")
    old, new = bars_of(ROOT / "docs" / "images" / f"{name}.svg"), bars_of(tmp_path / "new.svg")
    assert len(old) > 5
    assert old == [pytest.approx(one, abs=0.01) for one in new]
