"""What a run wrote of itself: its curves, and what the model wrote at each validation, also while it trains."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from clearhead.look import Exhibit
from clearhead.look.run_log import RunLog
from clearhead.look.server import Guard, application
from clearhead.training import Validation


def validated(step: int, loss: float, news: float, best: bool) -> dict[str, Any]:
    found = Validation(loss, 2.0, None, others={"news": Validation(news, 3.0)})
    return {"step": step, "validation": found.as_plain(), "best": best}


def logged(step: int) -> dict[str, Any]:
    return {"step": step, "loss": 8 / step, "learning_rate": step / 1000}


def wrote(step: int, hypothesis: str) -> dict[str, Any]:
    return {"step": step, "source": "one two", "reference": "un <b>deux</b>", "hypothesis": hypothesis}


BEGUN = RunLog([logged(1), logged(2), validated(2, 4.0, 5.0, True)], [wrote(2, "un un un")])
ONWARD = RunLog(
    [*BEGUN.history, logged(4), validated(4, 3.0, 6.0, True), logged(8), validated(8, 3.5, 7.0, False)],
    [*BEGUN.samples, wrote(4, "un deux"), wrote(8, "un <b>deux</b>")],
)


class Running:
    """A run that goes on when it is told to."""

    def __init__(self) -> None:
        self.log = BEGUN

    def __call__(self) -> RunLog:
        return self.log


@pytest.fixture
def running() -> Running:
    return Running()


@pytest.fixture
def run_address(shown: Exhibit, running: Running, served: Callable[[Guard], Any]) -> Iterator[str]:
    def tracer(request: object) -> Exhibit:
        raise AssertionError("nothing is traced")

    first = dataclasses.replace(shown, untrained=None, run=BEGUN)
    with served(application(tracer, first, "en", running)) as own:
        yield f"{own}?lang=en"


def hypothesis(page: Any) -> Any:
    return page.locator("main table.samples tbody td:last-child")


def test_curves_and_samples_grow_while_the_run_trains(
    open_page: Callable[..., Any], run_address: str, running: Running
) -> None:
    page = open_page(run_address)
    page.clock.install()  # What is timed from here on is timed by the test.
    page.evaluate("location.hash = 'training'")
    page.wait_for_selector("main figure.curve")
    assert "training: 8 → 4" in page.inner_text("main .legend")
    assert hypothesis(page).inner_text() == "un un un"
    running.log = ONWARD
    page.clock.run_for(5_000)
    page.wait_for_selector("main .legend:has-text('8 → 1')")
    assert page.locator("main .legend").first.locator("li").all_inner_texts() == [
        "training: 8 → 1", "validation: 4 → 3.5", "news: 5 → 7",
    ]  # fmt: skip
    assert "step 4" in page.inner_text("main .note:has-text('best validation')")
    # The newest validation, which says what the reference says, letters of markup and all.
    assert hypothesis(page).inner_text() == "un <b>deux</b>"
    assert hypothesis(page).get_attribute("class").split() == ["left", "chosen"]
    slider = page.get_by_label("Validation", exact=True)
    slider.fill("1")
    assert hypothesis(page).inner_text() == "un deux"
    assert "validation=2" in page.evaluate("location.hash")
