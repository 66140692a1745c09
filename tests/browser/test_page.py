"""The page in a real browser: every chapter by mouse and by keyboard, its numbers those of the trace."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from clearhead.bundle import Bundle
from clearhead.look import Exhibit, as_html
from clearhead.look.assets import asset
from clearhead.model import EncoderDecoder

CHAPTERS = [
    "model", "stacks", "words", "positions", "vectors", "six", "matrices", "heads", "lines", "layer", "memory",
    "decoder", "output", "beam", "training",
]  # fmt: skip
WIDTHS = (1280, 380)
# Two frames later all that a change of size sets going has been laid out.
DRAWN = "new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"


def texts(language: str) -> dict[str, str]:
    text = asset("texts.js")
    both = json.loads(text[text.index("{") : text.rindex("}") + 1])
    return {key: one[language == "ko"] for key, one in both.items()}


def visit(page: Any, place: str) -> None:
    """Go to "view/part/cell" within the page."""
    path = place.partition("?")[0]
    view, _, rest = path.partition("/")
    page.evaluate("place => { location.hash = place; }", place)
    part = rest.partition("/")[0]
    page.wait_for_selector(f'main[data-view="{view}"][data-part="{part}"]')


def number(written: str) -> float:
    return float(written.replace("−∞", "-inf").replace("−", "-"))


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_chapter_by_mouse(open_page: Any, address: str, language: str) -> None:
    page = open_page(f"{address}?lang={language}")
    words = texts(language)
    for chapter in CHAPTERS:
        page.click(f'.rail button[data-view="{chapter}"]')
        page.wait_for_selector(f'main[data-view="{chapter}"]')
        assert page.inner_text("h1") == words[f"chapter.{chapter}"]
        assert page.inner_text("main .why >> nth=0")
        assert not page.query_selector("main [role=alert]")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_chapter_by_keyboard(open_page: Any, address: str, language: str) -> None:
    """n goes to the next stop of the rail, p to the one before."""
    page = open_page(f"{address}?lang={language}")
    for chapter in CHAPTERS[1:]:
        page.keyboard.press("n")
        page.wait_for_selector(f'main[data-view="{chapter}"]')
    page.keyboard.press("p")
    page.wait_for_selector(f'main[data-view="{CHAPTERS[-2]}"]')
    page.focus('.rail button[data-view="words"]')
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector('main[data-view="positions"]')


def test_tab_reaches_all_that_can_be_used(open_page: Any, address: str) -> None:
    """In every chapter, in the order of the page, and nothing holds the focus."""
    page = open_page(address)
    for chapter in [*CHAPTERS, "pencil", "step/output.logits"]:
        visit(page, chapter)
        count = page.evaluate("""() => {
            const kinds = "button, select, input, a[href], summary, [tabindex='0']";
            const usable = [...document.querySelectorAll(`main :is(${kinds})`)];
            const reached = usable.filter((one) => one.checkVisibility() && !one.disabled && one.tabIndex >= 0);
            reached.forEach((one, number) => (one.dataset.tab = number));
            return reached.length;
        }""")
        page.evaluate("document.querySelector('main').focus()")
        seen = []
        for _ in range(count):
            page.keyboard.press("Tab")
            seen.append(page.evaluate("document.activeElement.dataset.tab"))
        assert seen == [str(number) for number in range(count)], chapter


def test_the_rail_folds_when_the_window_is_made_narrow(open_page: Any, address: str) -> None:
    page = open_page(address)
    page.wait_for_selector(".rail-box[open]")
    page.set_viewport_size({"width": 380, "height": 900})
    page.wait_for_selector(".rail-box:not([open])")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.wait_for_selector(".rail-box[open]")


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_window(open_page: Any, address: str, width: int) -> None:
    page = open_page(address, width)
    views = [*CHAPTERS, "block/decoder.layers.0", "sublayer/decoder.layers.0.cross_attention", "step/output.logits"]
    for view in views:
        visit(page, view)
        page.evaluate(DRAWN)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view


def test_every_step_shows_the_traces_numbers_and_each_is_checked(open_page: Any, address: str, shown: Exhibit) -> None:
    """The last cell of every tensor: its number, its arithmetic, and that the page's own recomputation agrees."""
    page = open_page(address)
    for step in shown.trace.operations:
        tensor = shown.trace[step.name]
        head, row, column = [0] * (3 - tensor.ndim) + [size - 1 for size in tensor.shape]
        visit(page, f"step/{step.name}/{row},{column}?head={head + 1}")
        page.wait_for_selector(".number .check:enabled", timeout=5000)
        written = number(page.get_attribute(".number", "data-value"))
        assert written == pytest.approx(float(tensor.flatten()[-1]), rel=1e-4, abs=1e-8), step.name
        page.click(".number .check")
        assert "✓" in page.inner_text(".verdict"), step.name
        assert "agrees" in page.get_attribute(".verdict", "class"), step.name


def test_a_grid_by_keyboard(open_page: Any, address: str, shown: Exhibit) -> None:
    """One Tab stop; arrows, Home and End move; the cell is read out; c checks it."""
    name = "encoder.layers.0.self_attention.weights"
    page = open_page(f"{address}#step/{name}")
    weights = shown.trace[name][0]
    grid = page.locator(f'figure[data-name="{name}"] [role=grid]')
    grid.focus()
    for keys, (row, column) in (
        (["ArrowDown"], (1, 0)),
        (["End"], (1, -1)),
        (["Control+Home"], (0, 0)),
        (["Control+End"], (-1, -1)),
    ):
        for key in keys:
            page.keyboard.press(key)
        assert number(grid.get_attribute("data-value")) == pytest.approx(float(weights[row, column]), rel=1e-5)
    active = page.locator(f"#{grid.get_attribute('aria-activedescendant')}")
    assert active.get_attribute("aria-rowindex") == str(len(weights))
    page.wait_for_selector(".number .check:enabled")
    page.keyboard.press("c")
    assert "✓" in page.inner_text(".verdict")


def test_a_cell_is_checked_as_soon_as_it_is_chosen(open_page: Any, address: str, shown: Exhibit) -> None:
    """faults.md D2: by an arrow and `c` at once, before the cell's numbers have come; never the cell before it."""
    name = "encoder.layers.0.self_attention.weights"
    page = open_page(f"{address}#step/{name}")
    page.locator(f'figure[data-name="{name}"] .grid').focus()
    at_once = """(grid) => ["ArrowDown", "c"].forEach((key) => {
        grid.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    })"""
    for row in (1, 2):
        page.locator(f'figure[data-name="{name}"] .grid').evaluate(at_once)
        page.wait_for_selector(f'.number[data-cell="{name}/{row},0"]')
        page.wait_for_selector(".verdict.agrees:not(:empty)")
        written = number(re.findall(r"[−\d.e]+\d", page.inner_text(".verdict"))[0])
        assert written == pytest.approx(float(shown.trace[name][0, row, 0]), rel=1e-4)


def test_the_table_behind_a_canvas(open_page: Any, address: str, shown: Exhibit) -> None:
    page = open_page(f"{address}#step/decoder.layers.0.self_attention.masked")
    figure = page.locator('figure[data-name="decoder.layers.0.self_attention.masked"]')
    figure.locator("details.as-table summary").click()
    figure.locator("tbody td").first.wait_for()
    found = [number(one) for one in figure.locator("tbody td").all_inner_texts()]
    masked = shown.trace["decoder.layers.0.self_attention.masked"][0][:24, :24]
    assert found == pytest.approx(masked.flatten().tolist(), rel=1e-4, abs=1e-8)


def test_temperature(open_page: Any, address: str, shown: Exhibit) -> None:
    page = open_page(f"{address}#output")
    for temperature in (1.0, 2.5):
        page.fill("main input[type=range]", str(temperature))
        found = [float(one.get_attribute("data-share")) for one in page.locator("main tr[data-share]").all()]
        expected = (shown.trace["output.logits"][0].double() / temperature).softmax(-1).sort(descending=True).values
        assert found == pytest.approx(expected[: len(found)].tolist(), rel=1e-6)


def test_a_sentence_of_ones_own(open_page: Any, address: str) -> None:
    page = open_page(address)
    page.fill("header [name=text]", "</script><img src=x onerror=alert(1)>\u202e")
    page.click("header button[type=submit]")
    page.locator(".sentence p", has_text="onerror").wait_for()
    assert page.locator("img").count() == 0
    page.fill("header [name=text]", "   ")
    page.click("header button[type=submit]")
    page.wait_for_selector(".notice:not([hidden])")
    assert page.inner_text(".notice") == "There is no text; type a sentence."


@pytest.mark.parametrize(
    ("language", "said"), [("en", "It reads Latin, Tifinagh."), ("ko", "문자는 라틴 문자, Tifinagh입니다.")]
)
def test_a_sentence_that_the_model_never_learned_to_read(
    open_page: Any, two_languages: Bundle, tmp_path: Path, language: str, said: str
) -> None:
    """faults.md B5: in every view it is said that the translation may mean nothing, and what the model reads."""
    path = tmp_path / "look.html"
    trace = two_languages.trace("one", "fr")
    path.write_text(as_html(Exhibit(trace, readable=("LATIN", "TIFINAGH")), language), encoding="utf-8")
    page = open_page(path.as_uri(), offline=True)
    for view in ("model", "decoder"):
        visit(page, view)
        assert page.locator("[role=status].notice").inner_text().endswith(said)
        assert not page.is_visible("[role=alert]")
    path.write_text(as_html(Exhibit(trace), language), encoding="utf-8")
    page = open_page(path.as_uri(), offline=True)
    assert page.locator("[role=status].notice").count() == 0


@pytest.mark.parametrize("language", ["en", "ko"])
def test_one_file_offline(open_page: Any, shown: Exhibit, tmp_path: Path, language: str) -> None:
    path = tmp_path / "look.html"
    path.write_text(as_html(shown, language), encoding="utf-8")
    page = open_page(path.as_uri(), offline=True)
    assert page.inner_text("h1") == texts(language)["chapter.model"]
    for chapter in CHAPTERS:
        page.click(f'.rail button[data-view="{chapter}"]')
        page.wait_for_selector(f'main[data-view="{chapter}"]')
        assert not page.query_selector("main [role=alert]")
    visit(page, "step/output.logits/0,1,5")
    page.wait_for_selector(".number .check:enabled")
    page.click(".number .check")
    assert "✓" in page.inner_text(".verdict")


@pytest.mark.parametrize("layers", [0, 1, 6])
def test_few_and_many_layers(
    open_page: Any, two_languages: Bundle, make_recipe: Any, tmp_path: Path, layers: int
) -> None:
    recipe = make_recipe(f"model.encoder_layers={layers}", f"model.decoder_layers={layers}", "text.tags=true")
    tokenizer = two_languages.target_tokenizer
    model = EncoderDecoder(recipe.model.config(tokenizer.size, tokenizer.size), seed=3).eval()
    trace = Bundle(model, tokenizer, tokenizer, recipe).trace("one two three", "fr", beam_size=2)
    path = tmp_path / "look.html"
    path.write_text(as_html(Exhibit(trace), "en"), encoding="utf-8")
    page = open_page(f"{path.as_uri()}#stacks", offline=True)
    assert page.locator("main .layers .block").count() == 2 * layers
    for chapter in page.locator(".rail .tour button").all():
        chapter.click()
        page.wait_for_selector(f'main[data-view="{chapter.get_attribute("data-view")}"]')
        assert not page.query_selector("main [role=alert]")


def test_a_notebooks_frame(open_page: Any, shown: Exhibit, tmp_path: Path, chromium: Any) -> None:
    from clearhead.look import show

    context = chromium.new_context()
    page = context.new_page()
    page.set_content(show(shown.trace, "en")._repr_html_())
    frame = page.frame_locator("iframe")
    frame.locator('.rail button[data-view="words"]').click()
    frame.locator('main[data-view="words"]').wait_for()
    context.close()


@pytest.mark.parametrize("place", ["%", "constructor", "step/nope", "block", "sublayer/nope", "beam/9999"])
def test_an_address_that_leads_nowhere_leads_to_the_beginning(open_page: Any, address: str, place: str) -> None:
    page = open_page(f"{address}#{place}")
    page.wait_for_selector('main[data-view="model"]')
    assert page.inner_text("h1")
    assert page.is_visible(".notice[role=alert]") is (place != "%")  # What can not be read names nothing.
    visit(page, "words")
    assert page.is_hidden(".notice[role=alert]")  # What was said of one address says nothing of the next.


def test_an_address_of_no_cell(open_page: Any, address: str) -> None:
    page = open_page(f"{address}#step/encoder.layers.0.self_attention.scores/0,-1,-1")
    page.wait_for_selector('main[data-view="step"]')
    assert "?" not in page.inner_text(".crumbs")
    assert "-1" not in page.inner_text(".crumbs")


def test_a_negative_operand_stands_in_brackets(open_page: Any, address: str, shown: Exhibit) -> None:
    """e^(−1 − (−0.5)), never "− −", of every operation whose line holds a number below zero."""
    page = open_page(address)
    for step in shown.trace.operations:
        tensor = shown.trace[step.name]
        size = tensor.shape[-1]
        for column in {0, size // 2, size - 1}:
            visit(page, f"step/{step.name}/{tensor.shape[-2] - 1},{column}")
            page.wait_for_selector(".number .check:enabled", timeout=5000)
            line = page.inner_text(".number .equation")
            assert not re.search(r"[-+−·/] −(?!∞)|^.*\(−[\d.]+²", line), (step.name, line)


def test_the_scale_of_what_is_never_negative_begins_at_zero(open_page: Any, address: str) -> None:
    page = open_page(address)
    visit(page, "step/encoder.layers.0.self_attention_residual.variance")
    scales = page.locator("main .scale")
    assert scales.first.inner_text().startswith("0")
    assert "−" not in scales.first.inner_text()
    assert scales.nth(1).inner_text().startswith("−")
