"""docs/questions.md: each question is answered on the page, by the clicks that the document names."""

import contextlib
import re
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from clearhead.bundle import Bundle
from clearhead.cli import look
from clearhead.look import Exhibit, exhibit_of
from clearhead.look.server import Guard, application
from clearhead.look.trace_store import Request

DOCS = Path(__file__).parents[2] / "docs"
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
def street_address(
    tracer: Callable[[Request], Exhibit],
    opening: Exhibit,
    served: Callable[[Guard], contextlib.AbstractContextManager[str]],
) -> Iterator[str]:
    """A server of each test's own, since a page opens with what was traced last."""
    with served(application(tracer, opening)) as own:
        yield f"{own}?lang=en"


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


def number(told: str) -> float:
    return float(told.replace("−", "-"))


def written(number: float, digits: int) -> str:
    return f"{number:.{digits}f}".replace("-", "−")


def at(sentence: Sequence[str], piece: str) -> int:
    return list(sentence).index(piece)


def test_1_ids(page: Any, opening: Exhibit) -> None:
    chapter(page, "Words to vectors")
    for one in opening.trace.source.ids:
        says(page, str(one))


def test_2_places(page: Any) -> None:
    chapter(page, "Positional encoding")
    choose(page, "3: ▁didn")
    says(page, "▁didn: embedding + position", "0.1411", "−0.99")  # sin 3 and cos 3.


def test_3_it(page: Any, opening: Exhibit) -> None:
    """What "it" gives two words in the first head, in the table behind the picture."""
    chapter(page, "Many heads")
    page.locator("main").get_by_text("As a table").first.click()
    table = page.locator("main figure.matrix").filter(has=page.locator("details[open]")).first.locator("details table")
    # The numbers, and the table with them, come after the click.
    table.locator("tbody td").first.wait_for()
    columns = table.locator("thead th").all_inner_texts()
    pieces = opening.trace.source.pieces
    weights = opening.trace["encoder.layers.0.self_attention.weights"][0]
    row = table.locator("tbody tr").filter(has=page.get_by_role("rowheader", name="▁it", exact=True))
    for word in ("▁tired", "▁animal"):
        column, expected = columns.index(word), float(weights[at(pieces, "▁it"), at(pieces, word)])
        assert number(row.locator("td").nth(column).inner_text()) == pytest.approx(expected, rel=1e-4)


def test_4_six_steps(page: Any, opening: Exhibit) -> None:
    chapter(page, "Self-attention in six steps")
    pieces = opening.trace.source.pieces
    row, column = at(pieces, "▁tired"), at(pieces, "▁animal")
    choose(page, f"{row}: ▁tired")
    says(page, "Query: ▁tired")
    for last in ("scores", "scaled", "weights"):
        press(page, "one on")
        found = float(opening.trace[f"encoder.layers.0.self_attention.{last}"][0, row, column])
        says(page, written(found, 0 if abs(found) >= 100 else 1 if abs(found) >= 10 else 2))


def test_7_the_mask(page: Any, opening: Exhibit) -> None:
    chapter(page, "The decoder, step by step")
    for _ in range(2):
        press(page, "one on")
    says(page, "Time step 3")
    # What is not written yet, in each layer, and once in the sentence that says what it means.
    hidden = len(opening.trace.target.ids) - 3
    assert page.locator("main").inner_text().count("−∞") == 2 * hidden + 1


@pytest.mark.parametrize(("last", "head"), [("tired", 3), ("wide", 2)])
def test_5_and_6_the_pronoun(page: Any, tracer: Callable[[Request], Exhibit], last: str, head: int) -> None:
    """Where the decoder looks when it writes the pronoun, also of a sentence that is typed."""
    trace = tracer(Request(TIRED.replace("tired", last), "fr", look.BEAM_SIZE)).trace
    page.locator("header [name=text]").fill(trace.source.text)
    page.get_by_role("button", name="Trace").click()
    says(page, trace.predicted.text)
    chapter(page, "The decoder, step by step")
    press(page, str(head))
    time = next(n for n, piece in enumerate(trace.predicted.pieces) if piece.lstrip("▁") in ("il", "elle"))
    for _ in range(time):
        press(page, "one on")
    weights = trace["decoder.layers.1.cross_attention.weights"][head - 1, time]
    says(page, f"Time step {time + 1}", f"{float(weights.max()):.2f}")


def test_8_logits(page: Any, opening: Exhibit) -> None:
    chapter(page, "From logits to a word")
    place = at(opening.trace.predicted.pieces, "il")
    choose(page, f"{place + 1}: il")
    for one in opening.trace["output.logits"][place].topk(3).values.tolist():
        says(page, f"{one:.3f}".replace("-", "−"))


def test_9_a_dropped_beam(page: Any, opening: Exhibit) -> None:
    chapter(page, "Greedy search and beam")
    node = next(one for one in opening.trace.tree if one["fate"] == "dropped" and one["length"] == 1)
    page.locator(f'main .tree [data-number="{node["number"]}"]').click()
    says(page, "Dropped: its total of " + f"{node['total']:.6g}".replace("-", "−"))


def test_10_zeros(page: Any, opening: Exhibit) -> None:
    chapter(page, "Residuals, normalisation, feed-forward")
    zeros = (opening.trace["encoder.layers.0.feed_forward.activated"] == 0).double().mean()
    says(page, f"{100 * float(zeros):.1f} %")


def test_11_and_12_training(page: Any, opening: Exhibit) -> None:
    chapter(page, "Training")
    place = at(opening.trace.predicted.pieces, "il")
    choose(page, f"{place + 1}: il")
    assert opening.before is not None
    losses = [line["loss"] for line in opening.run.history if "loss" in line]
    says(page, f"{100 * opening.before[place][0][2]:.1f} %", f"training: {losses[0]:.3g} → {losses[-1]:.3g}")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_answer_is_in_sight(open_page: Any, street_address: str, opening: Exhibit, language: str) -> None:
    """faults.md D3: at 1280 × 800, and the player stays in sight whatever is scrolled."""
    page = open_page(f"{street_address.replace('lang=en', f'lang={language}')}#decoder?step=14")
    page.set_viewport_size({"width": 1280, "height": 800})
    words = len(opening.trace.source.ids)
    page.wait_for_selector("main .weighed")
    last = page.locator("main .weighed[data-weight]").last.bounding_box()
    assert page.locator("main .weighed").count() == 2 * (words + len(opening.trace.target.ids))
    assert last["y"] + last["height"] <= 800
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    assert page.locator("main .player").bounding_box()["y"] >= 0
    page.evaluate("location.hash = 'six?step=6'")
    page.wait_for_selector("main tr.sum")
    page.evaluate("window.scrollTo(0, 0)")
    total = page.locator("main tr.sum").bounding_box()
    assert total["y"] + total["height"] <= 800


@pytest.mark.parametrize("name", ["questions.md", "questions.ko.md"])
def test_every_link_of_the_document_leads_to_a_view(open_page: Any, street_address: str, name: str) -> None:
    """faults.md D2: the twelve answers' links, to the server that the document starts."""
    text = (DOCS / name).read_text(encoding="utf-8")
    assert "--port 8017" in text
    links = re.findall(r"\]\(http://127\.0\.0\.1:8017/#([^)]+)\)", text)
    assert len(links) == 12
    page = open_page(street_address)
    for link in links:
        ready = page.get_attribute("main", "data-ready")
        page.evaluate("link => { location.hash = link; }", link)
        page.wait_for_selector(f'main[data-view="{re.split("[/?]", link)[0]}"]:not([data-ready="{ready}"])')
        chosen = dict(urllib.parse.parse_qsl(page.evaluate("location.hash").partition("?")[2]))
        assert dict(urllib.parse.parse_qsl(link.partition("?")[2])).items() <= chosen.items()
        assert not page.query_selector("[role=alert]:not([hidden])")


# Of each link: what answers the question, and what it says.
ANSWERS = {
    2: ("main .card:nth-of-type(3)", "▁didn"),
    4: ("main .six tbody tr:has-text('▁it')", "55.9"),
    8: ("main tr.chosen", "19.338"),
    9: ("main .reason", "−10.912"),
    10: ("main .note.spaced:has-text('97.3')", "97.3 %"),
    11: ("main .inputs:has(h3)", "12.2 %"),
    12: ("main figure.curve:nth-of-type(3)", "0.002 → 0.004 → 0"),
}


@pytest.mark.parametrize("width", [1280, 400])
def test_the_links_lead_to_the_answers(open_page: Any, street_address: str, width: int) -> None:
    links = re.findall(r"\(http://127.0.0.1:8017/(#.*)\)", (DOCS / "questions.md").read_text(encoding="utf-8"))
    assert links == re.findall(
        r"\(http://127.0.0.1:8017/(#.*)\)", (DOCS / "questions.ko.md").read_text(encoding="utf-8")
    )
    page = open_page(street_address, width)
    page.set_viewport_size({"width": width, "height": 800})
    for number, (selector, text) in ANSWERS.items():
        page.goto(street_address.replace("?lang=en", f"?lang=en&n={number}") + links[number - 1])
        answer = page.locator(selector).first
        answer.wait_for()
        assert text in answer.inner_text() or selector.startswith("main .card"), number
        page.wait_for_function(IN_SIGHT, arg=answer.element_handle(), timeout=5000)


# Its beginning is above the lower edge of the window, of its box and of the line of the number.
IN_SIGHT = """(one) => {
    const { top } = one.getBoundingClientRect();
    const box = one.closest(".six-box")?.getBoundingClientRect() ?? { top: 0, bottom: innerHeight };
    const panel = document.querySelector(".number").getBoundingClientRect().top || innerHeight;
    const floor = Math.min(innerHeight, box.bottom, panel);
    return top >= Math.max(0, box.top) && top + 30 <= floor;
}"""


@pytest.mark.parametrize("width", [1280, 400])
def test_the_chosen_cell_is_above_its_number(open_page: Any, street_address: str, width: int) -> None:
    page = open_page(street_address, width)
    page.set_viewport_size({"width": width, "height": 800})
    page.evaluate("location.hash = 'step/encoder.layers.0.self_attention.weights/9,12'")
    page.wait_for_selector(".number .check:enabled")
    cell = """() => {
        const grid = document.querySelector("main .grid");
        const middle = grid.getBoundingClientRect().top + grid.centre(ROW, 12)[1];
        return middle > 0 && middle + 8 < document.querySelector(".number").getBoundingClientRect().top;
    }"""
    page.wait_for_function(cell.replace("ROW", "9"), timeout=5000)
    page.locator("main .grid").first.focus()
    page.keyboard.press("Control+End")
    page.wait_for_function(cell.replace("ROW", "14"), timeout=5000)


def test_no_line_of_a_number_where_none_can_be_chosen(open_page: Any, street_address: str) -> None:
    page = open_page(f"{street_address}#six?head=3&word=9&step=6")
    page.wait_for_selector(".number", state="hidden")
    page.locator("main .six tbody .link").first.click()
    page.wait_for_selector(".number .check:enabled")


def test_a_sentence_in_a_script_that_street_never_read(open_page: Any, street_address: str) -> None:
    """faults.md B5: said as soon as it is traced, and no longer once another is."""
    page = open_page(street_address)
    for text, count in (("나는 학생입니다.", 1), ("I am a student.", 0)):
        page.fill("header [name=text]", text)
        page.click("header button[type=submit]")
        page.wait_for_function(
            "text => new URLSearchParams(location.hash.split('?')[1]).get('text') === text", arg=text
        )
        assert page.locator("[role=status].notice", has_text="never learned to read").count() == count
