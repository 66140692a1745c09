"""A run's curves: what is drawn is what the history holds."""

import math
from typing import Any

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from clearhead.errors import TraceError
from clearhead.evaluation import Quality
from clearhead.look import draw_curves
from clearhead.look.curves import curves_of
from clearhead.training import Validation


def logged(step: int, loss: float | None) -> dict[str, Any]:
    return {"step": step, "loss": loss, "learning_rate": 0.001 * step, "tokens": step, "skipped": 0}


def judged(step: int, loss: float, bleu: float, best: bool) -> dict[str, Any]:
    quality = Quality(bleu, 2 * bleu, 0.0, "b", "c")
    old = Validation(loss + 1, math.exp(loss + 1))
    return {
        "step": step,
        "validation": Validation(loss, math.exp(loss), quality, others={"old": old}).as_plain(),
        "best": best,
    }


HISTORY = [logged(5, 4.0), logged(10, None), judged(10, 3.0, 20.0, True), logged(15, 2.0), judged(15, 3.5, 10.0, False)]


def test_the_curves_of_a_history() -> None:
    found = curves_of(HISTORY)
    assert list(found) == ["loss", "scores", "rate"]
    assert found["loss"]["validation"] == ([10, 15], [3.0, 3.5])
    assert found["loss"]["validation/old"] == ([10, 15], [4.0, 4.5])
    assert found["scores"] == {"bleu": ([10, 15], [20.0, 10.0]), "chrf": ([10, 15], [40.0, 20.0])}
    steps, values = found["loss"]["training"]
    assert (steps, values[0], math.isnan(values[1]), values[2]) == ([5, 10, 15], 4.0, True, 2.0)


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


def test_what_is_not_a_number_is_a_gap() -> None:
    """JSON has no NaN: a history has null."""
    diverged = {"step": 5, "validation": {"loss": None, "perplexity": None, "quality": None}, "best": False}
    (value,) = curves_of([diverged])["loss"]["validation"][1]
    assert math.isnan(value)


def test_a_model_that_is_not_scored_has_two_panels() -> None:
    assert list(curves_of([logged(5, 4.0)])) == ["loss", "rate"]


@pytest.mark.parametrize(
    ("language", "titles"), [("en", ("loss, nats", "learning rate")), ("ko", ("손실 (nat)", "학습률"))]
)
def test_what_is_drawn(language: str, titles: tuple[str, str]) -> None:
    figure = draw_curves(HISTORY, language)
    loss, scores, rate = figure.axes
    drawn = [line.get_xydata().tolist() for line in loss.lines]  # type: ignore[union-attr]
    assert [[10.0, 3.0], [15.0, 3.5]] in drawn
    assert [[10.0, 20.0], [15.0, 10.0]] in [line.get_xydata().tolist() for line in scores.lines]  # type: ignore[union-attr]
    # The best validation stands at step 10 in each panel.
    assert all(list(panel.lines[0].get_xdata()) == [10, 10] for panel in (loss, scores, rate))
    texts = [text.get_text() for text in figure.texts]
    assert set(titles) <= set(texts)
    assert {"bleu", "chrf"} <= set(texts)


def test_nothing_is_written_over_another_text() -> None:
    figure = draw_curves(HISTORY)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [text.get_window_extent(canvas.get_renderer()) for text in figure.texts if text.get_text()]
    assert not any(one.overlaps(other) for place, one in enumerate(boxes) for other in boxes[:place])


def test_before_the_first_line() -> None:
    with pytest.raises(TraceError, match="has logged nothing yet"):
        draw_curves([])
