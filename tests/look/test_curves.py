"""A run's curves: what is drawn is what the history holds."""

from typing import Any

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from clearhead.errors import TraceError
from clearhead.evaluation import Quality
from clearhead.look import draw_curves
from clearhead.look.run_log import curves_of
from clearhead.training import Validation


def test_each_set_has_its_curves() -> None:
    """By their names; of a long one the end is shown, which tells figures apart."""
    quality, long = Quality(20.0, 40.0, 0.0, "b", "c"), "n" * 40
    found = Validation(2.0, 7.4, quality, "dev", {"news": Validation(3.0, 20.1, quality), long: Validation(4.0, 54.6)})
    history = [{"step": 5, "validation": found.as_plain(), "best": True}]
    curves = curves_of(history)
    assert {name: values for name, (_, values) in curves["loss"].items()} == {
        "validation/dev": [2.0], "validation/news": [3.0], f"validation/{long}": [4.0],
    }  # fmt: skip
    assert [*curves["scores"]] == ["dev/bleu", "dev/chrf", "news/bleu", "news/chrf"]
    texts = [text.get_text() for text in draw_curves(history).texts]
    assert {"dev", "news", "news/bleu", f"…{17 * 'n'}"} <= set(texts)


@pytest.mark.parametrize(
    ("language", "titles"), [("en", ("loss, nats", "learning rate")), ("ko", ("손실 (nat)", "학습률"))]
)
def test_what_is_drawn(language: str, titles: tuple[str, str], judged_history: list[dict[str, Any]]) -> None:
    figure = draw_curves(judged_history, language)
    loss, scores, rate = figure.axes
    drawn = [line.get_xydata().tolist() for line in loss.lines]  # type: ignore[union-attr]
    assert [[10.0, 3.0], [15.0, 3.5]] in drawn
    assert [[10.0, 20.0], [15.0, 10.0]] in [line.get_xydata().tolist() for line in scores.lines]  # type: ignore[union-attr]
    # The best validation stands at step 10 in each panel.
    assert all(list(panel.lines[0].get_xdata()) == [10, 10] for panel in (loss, scores, rate))
    texts = [text.get_text() for text in figure.texts]
    assert set(titles) <= set(texts)
    assert {"bleu", "chrf"} <= set(texts)


def test_nothing_is_written_over_another_text(judged_history: list[dict[str, Any]]) -> None:
    figure = draw_curves(judged_history)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [text.get_window_extent(canvas.get_renderer()) for text in figure.texts if text.get_text()]
    assert not any(one.overlaps(other) for place, one in enumerate(boxes) for other in boxes[:place])


def test_before_the_first_line() -> None:
    with pytest.raises(TraceError, match="has logged nothing yet"):
        draw_curves([])
