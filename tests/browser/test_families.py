"""The page of a language model and of an encoder-only one: its own tour, its own numbers, in both languages."""

import contextlib
import dataclasses
import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import uvicorn

from clearhead.bundle import Bundle
from clearhead.bundle.traces import traced_reading
from clearhead.look import Exhibit, as_html
from clearhead.look.assets import asset
from clearhead.look.server import HOST, application, listening
from clearhead.look.trace_store import Request
from clearhead.model import DecoderOnly, DecoderOnlyConfig, EncoderOnly, bert_tiny
from clearhead.tracing import Side, Trace, operations_of, record

COMMON = ["words", "positions", "masks", "vectors", "six", "matrices", "heads", "lines", "layer"]
TOURS = {
    "decoder-only": ["model", "stacks", *COMMON, "decoder", "output", "places", "training", "pencil"],
    "encoder-only": ["model", "stacks", *COMMON, "pooled", "output", "places", "training", "pencil"],
}
MASK = 5


@pytest.fixture(scope="module")
def exhibits(language_model: Bundle) -> dict[str, Exhibit]:
    """Untrained ones: a language model under both masks, and a BERT with classes and a masked place."""
    trace = language_model.trace("one two three", max_tokens=2)
    tokenizer, prompt = language_model.source_tokenizer, trace.text.ids[: trace.settings["prompt"]]
    written = trace.predicted.ids[len(prompt) - 1 :]
    other = traced_reading(language_model.model, "one two three", prompt, written, tokenizer, trace.settings, True)
    config = dataclasses.replace(bert_tiny(tokenizer.size), width=16, inner_width=24, classes=3, dropout=0.0)
    model, ids = EncoderOnly(config, seed=2).eval(), (tokenizer.begin, 113, MASK, 114, tokenizer.end)
    settings = {"model": "bert", "mask": MASK, "labels": ["question", "명령", "statement"]}
    masked = traced_reading(model, "a [MASK] b", ids, (), tokenizer, settings)
    return {"decoder-only": Exhibit(trace, trace, other=other), "encoder-only": Exhibit(masked, masked)}


@pytest.fixture
def served(language_model: Bundle, exhibits: dict[str, Exhibit]) -> Iterator[Callable[[str], str]]:
    """`served(family)`: the address of its page."""

    def tracer(request: Request) -> Exhibit:
        return Exhibit(language_model.trace(request.text, max_tokens=request.max_tokens))

    with contextlib.ExitStack() as open_ones:

        def serving(family: str) -> str:
            own = open_ones.enter_context(listening(0))
            page = application(tracer, exhibits[family])
            server = uvicorn.Server(uvicorn.Config(page, log_level="error", ws="none"))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [own]}, daemon=True)
            thread.start()
            open_ones.callback(thread.join, timeout=10)
            open_ones.callback(setattr, server, "should_exit", True)
            return f"http://{HOST}:{own.getsockname()[1]}/"

        yield serving


def visit(page: Any, place: str) -> None:
    view, _, part = place.partition("?")[0].partition("/")
    page.evaluate("place => { location.hash = place; }", place)
    page.wait_for_selector(f'main[data-view="{view}"][data-part="{part.partition("/")[0]}"]')


@pytest.mark.parametrize(("family", "stack"), [("decoder-only", "decoder"), ("encoder-only", "encoder")])
def test_what_leaves_the_stack(open_page: Any, served: Callable[[str], str], family: str, stack: str) -> None:
    """BERT has no normalisation after its last layer: what leaves it must not be called one."""
    page = open_page(f"{served(family)}?lang=en", 1280)
    visit(page, "stacks")
    boxes = page.eval_on_selector_all("main button", "all => all.map((one) => one.innerText)")
    assert boxes.index(f"What leaves the {stack}") == boxes.index(f"{stack.capitalize()}, layer 2") + 1


@pytest.mark.parametrize("family", TOURS)
@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("ko", 380)])
def test_the_tour(open_page: Any, served: Callable[[str], str], family: str, language: str, width: int) -> None:
    """Every chapter and every part of the model, without an error, nothing wider than the window."""
    page = open_page(f"{served(family)}?lang={language}", width)
    assert page.eval_on_selector_all(".tour button", "all => all.map((one) => one.dataset.view)") == TOURS[family]
    parts = page.eval_on_selector_all(".rail details", "all => all.map((one) => one.dataset.part)")
    stack = f"{family.partition('-')[0]}.layers.1"
    text = asset("texts.js")
    known = json.loads(text[text.index("{") : text.rindex("}") + 1])
    for place in [*TOURS[family], f"block/{stack}", *(f"sublayer/{part}" for part in dict.fromkeys(parts))]:
        visit(page, place)
        assert not page.query_selector("main [role=alert]"), place
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), place
        if place in TOURS[family] and f"chapter.{place}@one" not in known and place != "decoder":
            assert page.inner_text("h1") == known[f"chapter.{place}"][language == "ko"]


@pytest.mark.parametrize("family", TOURS)
def test_every_number_is_checked(
    open_page: Any, served: Callable[[str], str], exhibits: dict[str, Exhibit], family: str
) -> None:
    """The last cell of every tensor, by the page's own arithmetic."""
    page = open_page(served(family))
    trace = exhibits[family].trace
    for step in trace.operations:
        head, row, column = [0] * (3 - trace[step.name].ndim) + [size - 1 for size in trace[step.name].shape]
        visit(page, f"step/{step.name}/{row},{column}?head={head + 1}")
        page.wait_for_selector(".number .check:enabled")
        page.click(".number .check")
        page.wait_for_selector(".verdict.agrees:not(:empty)", timeout=5000)


def rows_of(page: Any, table: str) -> list[list[str]]:
    return [one.locator("td").all_inner_texts() for one in page.locator(f"{table} tbody tr").all()]


def test_what_it_expected(open_page: Any, served: Callable[[str], str], exhibits: dict[str, Exhibit]) -> None:
    """At each place the probability of what did come, and the mean of their logarithms."""
    trace = exhibits["decoder-only"].trace
    page = open_page(f"{served('decoder-only')}#places")
    shares = trace["output.probabilities"][range(len(trace.text.ids)), list(trace.predicted.ids)]
    found = rows_of(page, "main")
    assert [row[1] for row in found] == list(trace.predicted.pieces)
    written = [float(row[2].removesuffix(" %").removeprefix("< ")) for row in found]
    assert written == pytest.approx((100 * shares).tolist(), abs=0.06)
    nats = -float(shares.double().log().mean())
    assert f"{nats:.3g} nats" in page.inner_text("main")
    # Of a masked place it is not asked how probable the mask itself is.
    page = open_page(f"{served('encoder-only')}#places")
    assert page.locator("main tr.chosen td").nth(0).inner_text() == "3"
    assert page.locator("main tr.chosen td").nth(2).inner_text() == ""


def test_both_masks_beside_each_other(
    open_page: Any, served: Callable[[str], str], exhibits: dict[str, Exhibit]
) -> None:
    """One network, one sentence: each card's numbers are those under its mask, and a cell tells its own sum."""
    page = open_page(f"{served('decoder-only')}#masks?head=2")
    cards = page.locator("main .pair > .card")
    assert cards.locator("h2").all_inner_texts() == ["Each sees itself and those before it", "Each sees the whole text"]
    name = "decoder.layers.0.self_attention.weights"
    last = len(exhibits["decoder-only"].trace.text.ids) - 1
    for card, run in zip(cards.all(), (exhibits["decoder-only"].trace, exhibits["decoder-only"].other), strict=True):
        grid = card.locator(f'[data-name="{name}"] .grid')
        grid.evaluate(f"one => one.choose({last - 1}, {last}, true)")
        expected = float(run[name][1, last - 1, last])
        page.keyboard.press("c")
        page.wait_for_selector(".verdict.agrees:not(:empty)", timeout=5000)
        told = (grid.get_attribute("data-value"), page.get_attribute(".number", "data-value"))
        assert [float(one.replace("−", "-")) for one in told] == pytest.approx([expected, expected], rel=1e-4)


def test_going_on_with_a_text(open_page: Any, served: Callable[[str], str], language_model: Bundle) -> None:
    page = open_page(served("decoder-only"))
    page.fill("header [name=text]", "two one")
    page.select_option("header select", "5")
    page.click("header button[type=submit]")
    written = language_model.trace("two one", max_tokens=5).predicted
    page.locator(".sentence p", has_text="two one").wait_for()
    assert "more=5" in page.url
    page.click('.rail button[data-view="places"]')
    page.wait_for_selector('main[data-view="places"]')
    assert [row[1] for row in rows_of(page, "main")] == list(written.pieces)


def test_a_file_of_its_own(open_page: Any, exhibits: dict[str, Exhibit], tmp_path: Path) -> None:
    """With both runs in it, and without a server."""
    path = tmp_path / "look.html"
    path.write_text(as_html(exhibits["decoder-only"]), encoding="utf-8")
    page = open_page(path.as_uri(), offline=True)
    visit(page, "masks")
    assert page.locator("main .pair > .card").count() == 2
    assert not page.query_selector("main [role=alert]")


def test_a_text_after_which_nothing_comes(open_page: Any, language_model: Bundle, tmp_path: Path) -> None:
    tokenizer, trace = language_model.source_tokenizer, language_model.trace("one two")
    ended = traced_reading(language_model.model, "one two", trace.text.ids, (tokenizer.end,), tokenizer, trace.settings)
    path = tmp_path / "look.html"
    path.write_text(as_html(Exhibit(ended)), encoding="utf-8")
    page = open_page(path.as_uri(), offline=True)
    assert page.locator(".outside .sentence p").all_inner_texts() == ["one two", "⟨end⟩"]
    assert page.inner_text(".said") == "one two → ⟨end⟩"


def test_the_classes(open_page: Any, served: Callable[[str], str], exhibits: dict[str, Exhibit]) -> None:
    page = open_page(f"{served('encoder-only')}#step/classifier.probabilities")
    figure = page.locator('figure[data-name="classifier.probabilities"]')
    figure.locator("details.as-table summary").click()
    figure.locator("thead th").first.wait_for()
    assert figure.locator("thead th").all_inner_texts() == ["question", "명령", "statement"]
    found = [float(one) for one in figure.locator("tbody td").all_inner_texts()]
    assert found == pytest.approx(
        exhibits["encoder-only"].trace["classifier.probabilities"].flatten().tolist(), rel=1e-4
    )
    assert torch.tensor(found).sum() == pytest.approx(1, abs=1e-4)
    visit(page, "model")
    likeliest, share = max(zip(["question", "명령", "statement"], found, strict=True), key=lambda one: one[1])
    assert page.locator(".outside .sentence p").all_inner_texts()[1] == f"{likeliest}: {100 * share:.1f} %"


@pytest.fixture(scope="module")
def long_text() -> Exhibit:
    """512 tokens, 8 heads and 3,000 kinds of tokens: scores and logits of some million numbers each."""
    config = DecoderOnlyConfig(vocabulary=3_000, layers=1, width=8, heads=8, inner_width=8, max_length=512)
    model, ids = DecoderOnly(config, seed=1).eval(), tuple(range(512))
    text = Side("long", ids, tuple(f"t{one}" for one in ids))
    return Exhibit(
        Trace(
            record(model, ids), operations_of(config), family="decoder-only", text=text, predicted=text,
            config=config.as_plain(), parameters=dict(model.named_parameters(remove_duplicate=False)),
        )
    )  # fmt: skip


def test_what_is_not_looked_at_is_not_fetched(
    open_page: Any, served: Callable[[str], str], exhibits: dict[str, Exhibit], long_text: Exhibit,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Of a large tensor the matrix of one head; of a large matrix the rows that are in sight."""
    monkeypatch.setitem(exhibits, "decoder-only", long_text)
    page = open_page(served("decoder-only"))
    asked: list[tuple[str, int]] = []
    pattern = re.compile(r"/tensor\?name=([^&]+)&start=(\d+)&count=(\d+)")
    whole: list[str] = []

    def note(request: Any) -> None:
        if found := pattern.search(request.url):
            asked.append((found[1], int(found[3])))
        elif "/tensor?" in request.url:
            whole.append(request.url.partition("name=")[2])

    page.on("request", note)
    weights, logits = "decoder.layers.0.self_attention.weights", "output.logits"
    for name, head, row, column in ((weights, 5, 510, 300), (logits, 0, 511, 2_999)):
        visit(page, f"step/{name}?head={head + 1}")
        grid = page.locator(f'figure[data-name="{name}"] .grid')
        grid.evaluate(f"one => one.choose({row}, {column}, true)")
        tensor = long_text.trace[name]
        expected = float(tensor[head, row, column] if tensor.ndim > 2 else tensor[row, column])
        page.wait_for_selector(f'.number[data-cell="{name}/{row},{column}"]')
        assert float(page.get_attribute(".number", "data-value").replace("−", "-")) == pytest.approx(expected, rel=1e-4)
        page.keyboard.press("c")
        page.wait_for_selector(".verdict.agrees:not(:empty)")
        # The row that came into sight was fetched, and drawn.
        figure = page.locator(f'figure[data-name="{name}"]')
        figure.locator("details.as-table summary").click()
        written = figure.locator("tbody tr").last.locator("td").last.inner_text()
        last = long_text.trace[name][head] if tensor.ndim > 2 else tensor
        shown = (min(row + 12, 512) - 1, min(column + 12, last.shape[1]) - 1)
        assert float(written.replace("−", "-")) == pytest.approx(float(last[shown]), rel=1e-3, abs=1e-9)
    assert not {weights, logits, weights.replace("weights", "masked")} & set(whole)
    assert max(count for _, count in asked) <= 2**20
    visit(page, "decoder?step=512&head=8")
    assert page.locator("main .weighed").count() <= 48 + 1


def test_lines_of_a_long_text_reach_its_end(
    open_page: Any, served: Callable[[str], str], exhibits: dict[str, Exhibit], long_text: Exhibit,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Of one head, whose matrix is fetched whole, however many numbers all heads have."""
    monkeypatch.setitem(exhibits, "decoder-only", long_text)
    page = open_page(f"{served('decoder-only')}#lines?heads=7")
    page.locator("button.line-word").last.focus()
    row = long_text.trace["decoder.layers.0.self_attention.weights"][6, 511]
    told = page.inner_text(".told-step")
    assert told.startswith(f"t511 → t{int(row.argmax())} ")
