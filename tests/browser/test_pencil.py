"""The pencil in a real browser: sheets filled in, checked and hinted at, in the page and in a file of its own."""

import json
from pathlib import Path
from typing import Any

import pytest

from clearhead.bundle import Bundle
from clearhead.byhand import LANGUAGES, TOPICS, make_sheet, sheet_from
from clearhead.look import Exhibit, as_html
from clearhead.look.sheets import page as as_file

RIGHT, WRONG, OPEN = "✓", "✗", None
SMALL = {"positions": 2, "features": 2}


def told(page: Any) -> str:
    text: str = page.inner_text(".pencil-bar .told")
    return text


def at(page: Any) -> str:
    label: str = page.evaluate("document.activeElement.getAttribute('aria-label')")
    return label


def marks(page: Any, count: int) -> list[str | None]:
    return [page.locator(".blank").nth(i).get_attribute("data-mark") for i in range(count)]


def test_what_counts_as_right(open_page: Any, address: str) -> None:
    """Signs, spaces, fractions and decimals are a matter of taste; a number that was rounded is as near as that."""
    cases = [
        ("11", "11", "11 = 5·1 + 6·1", True), ("11.0", "11", "11 = 5·1 + 6·1", True), ("1", "11", "", False),
        ("-2", "−2", "−2 = 12 − 14", True), ("2", "−2", "−2 = 12 − 14", False), ("", "0", "0 = 0·1", False),
        ("0.135", "0.135", "0.135 ≈ e^(−2)", True), ("0.13534", "0.135", "0.135 ≈ e^(−2)", True),
        (".135", "0.135", "0.135 ≈ e^(−2)", True), ("0,135", "0.135", "0.135 ≈ e^(−2)", True),
        ("0.14", "0.135", "0.135 ≈ e^(−2)", False), ("4.41", "4.4", "4.4 = 0.88·5 + 0.12·0", False),
        ("59/60", "59/60", "", True), ("0.9833", "59/60", "", True), ("0.98", "59/60", "", False),
        ("-inf", "−∞", "−∞ (a later position)", True), ("0", "−∞", "", False), ("e", "2", "", False),
        ("i am end", "I am ⟨end⟩", "", True), ("I here ⟨end⟩", "I am ⟨end⟩", "", False), ("1/0", "1", "", False),
    ]  # fmt: skip
    page = open_page(address)
    script = "async cases => { const { isRight } = await import('/page/pencil.js');"
    script += " return cases.map(([typed, text, working]) => isRight(typed, { text, working })); }"
    assert page.evaluate(script, [case[:3] for case in cases]) == [case[3] for case in cases]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_sheet_by_keyboard(open_page: Any, address: str, language: str) -> None:
    """Every answer typed, Enter after each; the first is wrong before, and asks for its sum."""
    sheet = make_sheet("attention-weighting", 3, SMALL, language)
    answers = [cell for _, _, _, cell in sheet.blanks()]
    page = open_page(f"{address}?lang={language}#pencil/attention-weighting,3,positions=2,features=2", 380)
    page.wait_for_selector(".blank input")
    assert sheet.title in page.inner_text("main")
    page.focus(".blank input >> nth=0")
    page.keyboard.type("99?")
    assert marks(page, 2) == [WRONG, OPEN]
    assert page.get_attribute(".blank input >> nth=0", "aria-invalid") == "true"
    assert told(page) == f"Z [P1, Z1]: {answers[0].sum}"
    page.keyboard.press("Control+A")
    for number, answer in enumerate(answers):
        assert at(page).startswith("Z [P")
        page.keyboard.type(answer.text)
        if number < len(answers) - 1:
            assert told(page) == f"✓ {answer.working}"
            page.keyboard.press("Enter")
    assert marks(page, len(answers)) == [RIGHT] * len(answers)
    assert str(len(answers)) in told(page)
    assert page.inner_text(".pencil-bar .count") == f"{len(answers)} / {len(answers)}"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_may_still_become_right_is_not_called_wrong(open_page: Any, address: str) -> None:
    page = open_page(f"{address}#pencil/block,0")
    first = page.locator(".blank input").first
    first.type("1")
    assert marks(page, 1) == [OPEN]
    first.press("Tab")
    assert at(page) == "Z [P1, Z2]"
    assert marks(page, 1) == [WRONG]
    first.fill("11")
    assert marks(page, 1) == [RIGHT]
    first.press("Shift+Enter")
    assert at(page) == "Y [Y3, Z5]"


def test_a_sheet_by_mouse(open_page: Any, address: str) -> None:
    """Hint, answer, and all from the beginning; another topic, seed and size; what was typed is still there after."""
    page = open_page(f"{address}?lang=en#pencil")
    page.click(".blank >> nth=1")
    page.click(".pencil-bar button >> nth=0")
    assert told(page) == "Z [P1, Z2]: 6·1 + 0·1"
    page.click(".pencil-bar button >> nth=1")
    assert page.input_value(".blank input >> nth=1") == "6"
    assert marks(page, 2) == [OPEN, RIGHT]
    page.select_option(".choices select >> nth=0", label="Attention weighting by hand")
    page.wait_for_selector('main[data-part="attention-weighting,0"]')
    page.fill(".choices input", "5")
    page.press(".choices input", "Enter")
    page.wait_for_selector('main[data-part="attention-weighting,5"]')
    page.select_option(".choices select >> nth=1", label="2")
    page.wait_for_selector('main[data-part="attention-weighting,5,positions=2"]')
    blanks = make_sheet("attention-weighting", 5, {"positions": 2}).blanks()
    assert page.locator(".blank input").count() == len(list(blanks))
    assert "clearhead byhand attention-weighting --seed 5 --size positions=2" in page.inner_text(".recipe")
    assert "--lang" not in page.inner_text(".recipe")
    page.click(".tongues button")
    page.wait_for_selector("html[lang=ko]")
    page.wait_for_function("() => document.querySelector('.recipe')?.innerText.includes('.html --lang ko')")
    page.click(".tongues button")
    page.wait_for_selector("html[lang=en]")
    page.click('.rail button[data-view="pencil"]')
    page.wait_for_selector('main[data-part=""]')
    assert page.input_value(".blank input >> nth=1") == "6"
    page.click(".pencil-bar button >> nth=2")
    assert marks(page, 2) == [OPEN, OPEN]


def test_the_page_in_a_file_has_a_sheet_of_every_topic(open_page: Any, shown: Exhibit, tmp_path: Path) -> None:
    path = tmp_path / "look.html"
    path.write_text(as_html(shown, "en"), encoding="utf-8")
    page = open_page(f"{path.as_uri()}#pencil/softmax,0", offline=True)
    page.wait_for_selector(".blank input")
    assert page.locator(".choices select option").count() == 13
    assert page.locator(".choices input").count() == 0
    page.fill(".blank input >> nth=0", make_sheet("softmax").matrix("shifted").cells[0][0].text)
    assert marks(page, 1) == [RIGHT]
    # Other seeds are not in the file, and it does not say that they are.
    page = open_page(f"{path.as_uri()}#pencil/softmax,5", offline=True)
    page.wait_for_selector(".blank input")
    assert "--seed" not in page.inner_text("main .recipe")
    assert "seed 0" in page.inner_text("main .note >> nth=1")


def test_a_worksheet_in_a_file_of_its_own(open_page: Any, tmp_path: Path) -> None:
    """To fill in, blank, or answered; nothing comes from anywhere else, and no answer shows before it is asked for."""
    sheet = make_sheet("block", language="ko")
    path = tmp_path / "block.html"
    path.write_text(as_file(sheet), encoding="utf-8")
    page = open_page(path.as_uri(), 380, offline=True)
    first = page.locator(".blank input").first
    first.fill("11")
    assert marks(page, 1) == [RIGHT]
    assert not page.is_visible(".key")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.click('.forms [data-value="answered"]')
    texts = page.locator(".blank").all_inner_texts()
    assert texts == [cell.text for _, _, _, cell in sheet.blanks()]
    assert page.is_visible(".key")
    page.click('.forms [data-value="blank"]')
    assert set(page.locator(".blank").all_inner_texts()) == {""}
    page.click('.forms [data-value="pencil"]')
    assert first.input_value() == "11"
    policy = page.get_attribute("meta[http-equiv]", "content")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert "style=" not in path.read_text(encoding="utf-8").partition("</style>")[2].partition("<script")[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_step_of_a_file_is_cut_on_the_screen(chromium: Any, street: Bundle, tmp_path: Path, language: str) -> None:
    """faults.md D4: of every topic, and of a model's search, whose steps stand two beside each other."""
    search = sheet_from(street.trace("I am a student.", "fr", beam_size=2), "beam-search", language=language)
    sheets = [search, *(make_sheet(topic, language=language) for topic in TOPICS)]
    path = tmp_path / "sheet.html"
    for width in (1280, 910, 800):
        page = chromium.new_page(viewport={"width": width, "height": 900})
        for sheet in sheets:
            path.write_text(as_file(sheet), encoding="utf-8")
            page.goto(path.as_uri())
            wider = "[...document.querySelectorAll('.line, html')].filter((one) => one.scrollWidth > one.clientWidth)"
            assert page.evaluate(f"{wider}.length") == 0, (width, sheet.title, sheet.source)
        page.close()


def test_printing_a_file_leaves_out_what_is_for_the_screen(open_page: Any, tmp_path: Path) -> None:
    path = tmp_path / "softmax.html"
    path.write_text(as_file(make_sheet("softmax", 1)), encoding="utf-8")
    page = open_page(path.as_uri())
    page.emulate_media(media="print")
    assert page.is_visible(".key")
    assert not page.is_visible(".forms")
    assert not page.is_visible(".pencil-bar")
    cells = json.loads(page.inner_text("#data") or page.evaluate("document.getElementById('data').textContent"))[
        "cells"
    ]
    assert page.locator(".blank").count() == len(cells)


def test_what_was_written_outlives_a_reload(open_page: Any, address: str) -> None:
    """Of each sheet by its topic and seed, until it is cleared; the reader is told of it, and how to clear it."""
    page = open_page(f"{address}?lang=ko#pencil/softmax,3")
    first = page.locator(".blank input").first
    right = make_sheet("softmax", 3).matrix("shifted").cells[0][0].text
    assert "지워집니다" not in told(page)
    first.fill(right)
    page.locator(".blank input").nth(1).fill("99")
    page.reload()
    page.wait_for_selector(".blank input")
    assert (first.input_value(), marks(page, 2)) == (right, [RIGHT, WRONG])
    assert "‘처음부터’를 누르면 모두 지워집니다" in told(page)
    for other in ("softmax,4", "masked,3"):
        page.evaluate("place => { location.hash = place; }", f"pencil/{other}")
        page.wait_for_selector(f'main[data-part="{other}"] .blank input')
        assert set(page.locator(".blank input").evaluate_all("all => all.map((one) => one.value)")) == {""}
    page.go_back()
    page.go_back()
    page.wait_for_selector('main[data-part="softmax,3"] .blank input')
    page.click(".pencil-bar button >> nth=2")
    page.reload()
    page.wait_for_selector(".blank input")
    assert first.input_value() == ""
    assert "지워집니다" not in told(page)
    assert page.evaluate("localStorage.length") == 0


@pytest.mark.parametrize("stored", ["{", "null", "7", '{"0": "11"}', "[null, {}]"])
def test_what_is_stored_may_be_anything(open_page: Any, address: str, stored: str) -> None:
    page = open_page(address)
    page.evaluate("stored => localStorage.setItem('clearhead block,0', stored)", stored)
    page.evaluate("() => { location.hash = 'pencil/block,0'; }")
    page.wait_for_selector(".blank input")
    page.fill(".blank input >> nth=0", "11")
    assert marks(page, 1) == [RIGHT]
    page.reload()
    page.wait_for_selector(".blank input")
    assert page.input_value(".blank input >> nth=0") == "11"


def test_a_file_of_its_own_keeps_what_was_written(open_page: Any, tmp_path: Path) -> None:
    """And shows it in no other sheet, though a browser may take all files for one place."""
    path = tmp_path / "sheet.html"
    path.write_text(as_file(make_sheet("block")), encoding="utf-8")
    page = open_page(path.as_uri(), offline=True)
    page.fill(".blank input >> nth=0", "11")
    page.reload()
    page.wait_for_selector("main[data-ready]")
    assert page.input_value(".blank input >> nth=0") == "11"
    assert "“Start again” clears it" in told(page)
    path.write_text(as_file(make_sheet("block", 1)), encoding="utf-8")
    page.reload()
    page.wait_for_selector("main[data-ready]")
    assert page.input_value(".blank input >> nth=0") == ""


def test_where_nothing_may_be_stored(open_page: Any, shown: Exhibit, chromium: Any) -> None:
    """A notebook's frame: sheets are filled in as ever, and last as long as the page."""
    from clearhead.look import show

    context = chromium.new_context()
    page = context.new_page()
    page.set_content(show(shown.trace, "en")._repr_html_())
    frame = page.frame_locator("iframe")
    for chapter in ("pencil", "words", "pencil"):
        frame.locator(f'.rail button[data-view="{chapter}"]').click()
        frame.locator(f'main[data-view="{chapter}"]').wait_for()
        if chapter == "pencil" and not frame.locator(".blank input").first.input_value():
            frame.locator(".blank input").first.fill("11")
    assert frame.locator(".blank input").first.input_value() == "11"
    assert frame.locator(".blank").first.get_attribute("data-mark") == RIGHT
    context.close()


def test_matrices_stand_between_brackets(open_page: Any, address: str) -> None:
    """Between bars alone a matrix would be its determinant: the corners are drawn, of rows and columns of one too."""
    page = open_page(f"{address}?lang=en#pencil")
    page.wait_for_selector(".sheet-matrix")
    drawn = page.evaluate("""() => [...document.querySelectorAll(".sheet-matrix")].map((one) => {
        const cells = [...one.querySelectorAll("tbody tr")].map((row) => [...row.querySelectorAll("td")]);
        const [above, below] = [cells[0], cells.at(-1)];
        const size = (cell, corner) => getComputedStyle(cell).backgroundSize.split(", ")[corner];
        return [size(above[0], 0), size(above.at(-1), 1), size(below[0], 2), size(below.at(-1), 3)];
    })""")
    assert len(drawn) > 5
    assert drawn == [["6px 2px"] * 4] * len(drawn)
