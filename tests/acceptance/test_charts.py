"""benchmarks/charts.py: what stands in the tables of docs/benchmarks.md is what is drawn, and nothing overlaps."""

import importlib
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

ROOT = Path(__file__).parents[2]
HEADS = [f"{model}, {way}" for model in ("Transformer", "GRU with attention") for way in ("en → fr", "en → ko")]
MARKDOWN = f"""
## Training beside other toolkits

### Small

| | target tokens a second | clearhead is so many times as fast | peak memory, MiB |
|---|---|---|---|
| clearhead (`auto`) | 8,995 | 1.00 | 1,725 |
| JoeyNMT 2.3.0 | 1,127 | **8.59** | 2,248 |

### Large

| | target tokens a second | clearhead is so many times as fast | peak memory, MiB |
|---|---|---|---|
| clearhead | 800 | 1.00 | 1,725 |
| the same model through plain nn.Linear, in bfloat16 | 400 | 2.00 | 2,248 |

## Translating

| | | clearhead int8 | CTranslate2 int8 |
|---|---|---|---|
| base | one at a time, greedy | 781 (**5.33**), 35 ms | 148, 180 ms |
| tiny | batches, beam 5 | 5,756 | 8,634 |

## Attention

| words between, percent exactly right | {" | ".join(HEADS)} |
|---|---|---|---|---|
| 0 | 100 | 98 | 90 | 80 |
| 8 | 99 | 97 | 60 | 50 |
| 9, more than in training | 60 | 40 | 0 | 10 |
"""


@pytest.fixture(scope="module")
def charts() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        yield importlib.import_module("charts")


def drawn(charts: Any, name: str, text: str = MARKDOWN) -> Any:
    with matplotlib.rc_context(charts.STYLE):
        return charts.CHARTS[name](charts.read_tables(text))


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
    """As the table says in brackets; else 5,756 / 8,634 = 0.6667. One scale for both panels."""
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


def test_a_table_that_is_not_there_is_not_drawn(charts: Any) -> None:
    assert all(drawn(charts, name, "# Nothing\n\n| a | b |\n|---|---|\n| 1 | 2 |\n") is None for name in charts.CHARTS)


def is_beyond_its_axis(label: Any) -> bool:
    """A tick outside of what is shown has a label that is not drawn."""
    return any(
        label is one and not axes.get_xlim()[0] <= place <= axes.get_xlim()[1]
        for axes in label.figure.axes
        for one, place in zip(axes.get_xticklabels(), axes.get_xticks(), strict=True)
    )


@pytest.mark.parametrize("text", [MARKDOWN, (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")])
@pytest.mark.parametrize("name", ["training", "translating", "agreement"])
def test_no_two_texts_overlap_and_all_are_inside(charts: Any, name: str, text: str) -> None:
    figure = drawn(charts, name, text)
    assert figure is not None
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


def test_the_documentation_has_the_tables_of_the_first_two_charts(charts: Any) -> None:
    text = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert all(drawn(charts, name, text) is not None for name in ("training", "translating"))


def test_the_same_tables_give_the_same_file(charts: Any, tmp_path: Path) -> None:
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


@pytest.mark.parametrize("name", ["training", "translating"])
def test_the_stored_charts_are_those_of_the_documentation(charts: Any, name: str, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    charts.save(drawn(charts, name, text), tmp_path / "new.svg")
    stored, new = bars_of(ROOT / "docs" / "images" / f"{name}.svg"), bars_of(tmp_path / "new.svg")
    assert len(stored) > 5
    assert stored == [pytest.approx(one, abs=0.01) for one in new]
