"""docs/questions.md: each question is answered on the page, by the clicks that the document names."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from clearhead.bundle import Bundle
from clearhead.cli import look
from clearhead.look import Exhibit, exhibit_of
from clearhead.look.gallery import Request
from clearhead.look.server import HOST, application, listening

TIRED = "The animal didn't cross the street because it was too tired."


@pytest.fixture(scope="module")
def tracer(street: Bundle) -> Callable[[Request], Exhibit]:
    def traced(request: Request) -> Exhibit:
        return exhibit_of(street.trace(request.text, request.to, beam_size=request.beam_size))

    return traced


@pytest.fixture(scope="module")
def opening(tracer: Callable[[Request], Exhibit]) -> Exhibit:
    """What `clearhead look` opens with."""
    return tracer(Request(TIRED, "fr", look.BEAM_SIZE))


@pytest.fixture
def street_address(tracer: Callable[[Request], Exhibit], opening: Exhibit) -> Iterator[str]:
    """A server of each test's own, since a page opens with what was traced last."""
    import uvicorn

    with listening(0) as own:
        page = application(tracer, opening)
        server = uvicorn.Server(uvicorn.Config(page, log_level="error", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [own]}, daemon=True)
        thread.start()
        yield f"http://{HOST}:{own.getsockname()[1]}/?lang=en"
        server.should_exit = True
        thread.join(timeout=10)


@pytest.fixture
def page(open_page: Callable[..., Any], street_address: str) -> Any:
    return open_page(street_address)


def chapter(page: Any, name: str) -> None:
    page.locator("nav.rail").get_by_role("button", name=name, exact=True).click()
    page.locator("main h1").filter(has_text=name).wait_for()


def choose(page: Any, option: str) -> None:
    """In whichever list of the view has it."""
    page.locator("main select").filter(has_text=option).first.select_option(label=option)


def press(page: Any, name: str) -> None:
    page.locator("main").get_by_role("button", name=name, exact=True).first.click()


def says(page: Any, *texts: str) -> None:
    for text in texts:
        page.locator("main").get_by_text(text).first.wait_for(state="attached", timeout=10_000)


def test_1_ids(page: Any) -> None:
    chapter(page, "Words to vectors")
    says(page, "953")


def test_2_places(page: Any) -> None:
    chapter(page, "Positional encoding")
    choose(page, "3: ▁didn")
    says(page, "▁didn: embedding + position", "0.1411", "−0.99")


def test_3_it(page: Any) -> None:
    """What "tired" and "it" give "animal", in the table behind the picture."""
    chapter(page, "Many heads")
    page.locator("main").get_by_text("As a table").first.click()
    table = page.locator("main figure.matrix").filter(has=page.locator("details[open]")).first.locator("details table")
    column = table.locator("thead th").all_inner_texts().index("▁animal")
    for word, weight in (("▁tired", 0.948), ("▁it", 0.04)):
        row = table.locator("tbody tr").filter(has=page.get_by_role("rowheader", name=word, exact=True))
        assert float(row.locator("td").nth(column).inner_text()) == pytest.approx(weight, abs=0.005)


def test_4_six_steps(page: Any) -> None:
    chapter(page, "Self-attention in six steps")
    choose(page, "12: ▁tired")
    says(page, "Query: ▁tired")
    for shown in ("28.6", "5.05", "0.95"):
        press(page, "one on")
        says(page, shown)


def test_5_and_7_the_decoder(page: Any) -> None:
    chapter(page, "The decoder, step by step")
    press(page, "3")
    for _ in range(2):
        press(page, "one on")
    says(page, "Time step 3")
    # Sixteen in each layer, and once in the sentence that says what they mean.
    assert page.locator("main").inner_text().count("−∞") == 2 * 16 + 1
    for _ in range(11):
        press(page, "one on")
    says(page, "Time step 14", "0.99")


def test_6_wide(page: Any) -> None:
    page.locator("header input[name=text]").fill(TIRED.replace("tired", "wide"))
    page.get_by_role("button", name="Trace").click()
    says(page, "L'animal n'a pas traversé la rue parce qu'elle était trop large.")
    chapter(page, "The decoder, step by step")
    press(page, "3")
    for _ in range(13):
        press(page, "one on")
    says(page, "Time step 14", "0.85")


def test_8_logits(page: Any) -> None:
    chapter(page, "From logits to a word")
    choose(page, "14: il")
    says(page, "21.8225", "9.92532", "100.0 %")


def test_9_a_dropped_beam(page: Any) -> None:
    chapter(page, "Greedy search and beam")
    page.locator("main").get_by_text("Les", exact=True).first.click()
    says(page, "Dropped: its total of −12.063 is below −10.5999")


def test_10_zeros(page: Any) -> None:
    chapter(page, "Residuals, normalisation, feed-forward")
    says(page, "97.7 %")


def test_11_and_12_training(page: Any) -> None:
    chapter(page, "Training")
    choose(page, "14: il")
    says(page, "5.1 %", "loss: 6.0062 → 0.0122179", "0.004")
