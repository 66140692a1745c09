"""What is drawn, as rules over all that stands on the page: every chapter and level, three widths, both languages."""

from typing import Any

import pytest

from clearhead.look import Exhibit

VIEWS = [
    "model", "stacks", "words", "positions", "vectors", "six?step=6", "matrices", "heads", "lines?heads=1,2",
    "layer", "memory?step=3", "decoder", "output", "beam/4", "training",
    "block/encoder.layers.0", "block/decoder.layers.0",
    "sublayer/encoder.layers.0.self_attention", "sublayer/decoder.layers.0.feed_forward",
    "step/decoder.layers.0.cross_attention.query", "step/decoder.layers.0.feed_forward_residual.sum",
]  # fmt: skip
# The texts of what breaks a rule.
RULES = {
    "cut off": """() => [...document.querySelectorAll("main *")]
        .filter((one) => !one.closest(".hidden, svg") && one.clientWidth)
        .filter((one) => /hidden|clip/.test(getComputedStyle(one).overflow))
        .filter((one) => one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1)
        .map((one) => one.className + ": " + one.textContent)""",
    "a row cut through": """() => [...document.querySelectorAll("main [role=grid]")].filter((grid) => {
            if (grid.scrollHeight <= grid.clientHeight) return false;
            const [first, second] = [grid.centre(0, 0)[1], grid.centre(1, 0)[1]];
            const rows = (grid.clientHeight - (first - (second - first) / 2)) / (second - first);
            const all = Number(grid.ariaRowCount ?? grid.getAttribute("aria-rowcount"));
            return Math.abs(rows - Math.round(rows)) * (second - first) > 3 || rows > 0.8 * all;
        }).map((grid) => grid.getAttribute("aria-label"))""",
    "a word broken": """() => {
        const found = [];
        const titles = "main :is(h1, h2, h3, .title, th, .label, button, summary, code), .crumbs button, .rail button";
        for (const one of document.querySelectorAll(titles)) {
            if (!one.checkVisibility() || one.closest(".token")) continue;
            const walk = document.createTreeWalker(one, NodeFilter.SHOW_TEXT);
            while (walk.nextNode()) for (const word of walk.currentNode.data.matchAll(/[^\\s\\/·–-]+/g)) {
                const range = document.createRange();
                range.setStart(walk.currentNode, word.index);
                range.setEnd(walk.currentNode, word.index + word[0].length);
                const tops = [...range.getClientRects()].map((box) => Math.round(box.top));
                if (new Set(tops).size > 1) found.push(word[0]);
            }
        }
        return found;
    }""",
    "two matrices of one name": """() => {
        const all = [...document.querySelectorAll("main .matrix .title")].map((one) => one.textContent);
        return all.filter((one, i) => all.indexOf(one) !== i);
    }""",
    "outside of its card": """() => [...document.querySelectorAll("main .card")].flatMap((card) => {
            const edge = card.getBoundingClientRect();
            return [...card.querySelectorAll("li, .term, .matrix, .token, p")].filter((one) => {
                const box = one.getBoundingClientRect();
                if (one.closest(".scroll, .grid") || !box.width) return false;
                return box.right > edge.right + 1 || box.left < edge.left - 1;
            });
        }).map((one) => one.textContent)""",
    "a sign apart from its matrix": """() => [...document.querySelectorAll("main .sign")].filter((sign) => {
            const [own, next] = [sign, sign.nextElementSibling].map((one) => one?.getBoundingClientRect());
            return !next || own.bottom < next.top || own.top > next.bottom || own.right > next.left;
        }).map((sign) => sign.textContent)""",
    "lines over each other": """() => {
        const at = (line) => ["x1", "y1", "x2", "y2"].map((name) => line.getAttribute(name)).join();
        const all = [...document.querySelectorAll("main svg.lines line")].map(at);
        return all.filter((one, i) => all.indexOf(one) !== i);
    }""",
    "not from top to bottom": """() => {
        const tops = (what) => [...document.querySelectorAll(what)].map((one) => one.getBoundingClientRect().top);
        const lists = ["main .encoder > *", "main .decoder > *", "main .encoder .block", "main .decoder .block"];
        lists.push(".sublayers > li");
        const layers = [...document.querySelectorAll(".layers")];
        const numbered = layers.map((one) => [...one.children].map((block) => block.textContent));
        return [
            ...lists.filter((what) => tops(what).some((top, i, all) => i && top <= all[i - 1])),
            ...numbered.filter((names) => names.some((name, i) => !name.includes(i + 1))),
        ];
    }""",
}
DRAWN = "new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("width", [1280, 768, 400])
def test_the_rules_of_drawing(open_page: Any, address: str, width: int, language: str) -> None:
    """faults.md D4: nothing is cut off, broken, doubled or astray."""
    page = open_page(f"{address}?lang={language}", width=width)
    broken = []
    for view in VIEWS:
        ready = page.get_attribute("main", "data-ready")
        page.evaluate("view => { location.hash = view; }", view)
        page.wait_for_selector(
            f'main[data-view="{view.partition("?")[0].partition("/")[0]}"]:not([data-ready="{ready}"])'
        )
        page.evaluate(DRAWN)
        broken += [(view, rule, found) for rule, look in RULES.items() if (found := page.evaluate(look))]
    assert not broken, "\n".join(map(str, broken))


WIDER = """() => [...document.querySelectorAll("main :not(.grid)")]
    .filter((one) => /auto|scroll/.test(getComputedStyle(one).overflowX) && one.scrollWidth > one.clientWidth + 1)"""


# Of what is higher than its box: how many shadows and covers it has.
HIGHER = """() => [...document.querySelectorAll("main :is(.scroll, .tree-box)")]
    .filter((one) => one.scrollHeight > one.clientHeight + 1)
    .map((one) => getComputedStyle(one).backgroundImage.match(/linear-gradient/g)?.length ?? 0)"""


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("width", [1280, 400])
def test_tables_fit_or_show_that_there_is_more(open_page: Any, address: str, width: int, language: str) -> None:
    """faults.md D4: of memory and training all is seen; what is larger than its box has a shadow where more lies."""
    page = open_page(f"{address}?lang={language}", width=width)
    higher = []
    for view in [*VIEWS, "memory?step=5", "training?smoothing=0.1", "pencil/softmax,0", "pencil/beam-search,0"]:
        ready = page.get_attribute("main", "data-ready")
        page.evaluate("view => { location.hash = view; }", view)
        page.wait_for_selector(f'main:not([data-ready="{ready}"])')
        page.evaluate(DRAWN)
        if view.startswith(("memory", "training")):
            assert page.evaluate(f"({WIDER})().length") == 0, view
        plain = f"({WIDER})().filter((one) => !/gradient/.test(getComputedStyle(one).backgroundImage)).length"
        assert page.evaluate(plain) == 0, view
        higher += page.evaluate(HIGHER)
    # Two for each of four ends.
    assert set(higher) == {8}


@pytest.mark.parametrize("width", [1280, 400])
def test_a_long_sentence_is_seen_whole(open_page: Any, address: str, width: int) -> None:
    """faults.md D4: in the box that it is typed into, which grows; Enter traces it, and it stays one line."""
    page = open_page(f"{address}?lang=en", width=width)
    text = " ".join(["three", "two", "one"] * 12)
    page.fill("header [name=text]", text.replace("two one", "two\none", 1))
    page.press("header [name=text]", "Enter")
    page.wait_for_function("text => new URLSearchParams(location.hash.split('?')[1]).get('text') === text", arg=text)
    assert page.input_value("header [name=text]") == text
    sizes = page.locator("header [name=text]").evaluate(
        "one => [one.scrollWidth <= one.clientWidth, one.scrollHeight <= one.clientHeight]"
    )
    assert sizes == [True, True]


@pytest.mark.parametrize("view", ["layer", "matrices"])
def test_the_captions_of_a_formula_are_one_line(open_page: Any, address: str, view: str) -> None:
    """faults.md D4: so that its matrices stand at one height."""
    page = open_page(f"{address}?lang=ko#{view}")
    page.wait_for_selector("main .formula .grid")
    page.evaluate(DRAWN)
    heights = page.evaluate("[...document.querySelectorAll('.formula figcaption')].map((one) => one.clientHeight)")
    assert len(heights) >= 6
    assert max(heights) < 2 * min(heights)
    assert max(page.evaluate("[...document.querySelectorAll('.legend button')].map((one) => one.clientHeight)")) < 40


@pytest.mark.parametrize("language", ["en", "ko"])
def test_whole_numbers_stand_in_groups(open_page: Any, address: str, language: str) -> None:
    """faults.md D5: a vocabulary of thousands is written in one way, wherever it is written."""
    page = open_page(f"{address}?lang={language}")
    written = page.evaluate(
        "async () => { const { wordsIn, grouped } = await import('/page/words.js'); "
        "return [grouped(3200), grouped(259), grouped('x'), grouped(0.5), "
        "wordsIn('LANGUAGE')('training.before_why', { vocabulary: 3200 })]; }".replace("LANGUAGE", language)
    )
    assert written[:4] == ["3,200", "259", "x", "0.5"]
    assert "3,200" in written[4]


# What is written and shaded when a matrix is drawn anew: texts, and where gradients begin.
DRAWN_ANEW = """(grid) => {
    const [texts, shadows] = [[], []];
    const { fillText, createLinearGradient } = CanvasRenderingContext2D.prototype;
    Object.assign(CanvasRenderingContext2D.prototype, {
        fillText(text, ...at) { texts.push(String(text)); fillText.call(this, text, ...at); },
        createLinearGradient(...ends) { shadows.push(ends); return createLinearGradient.apply(this, ends); },
    });
    grid.dispatchEvent(new Event("scroll"));
    Object.assign(CanvasRenderingContext2D.prototype, { fillText, createLinearGradient });
    return { texts, shadows, width: grid.clientWidth, height: grid.clientHeight };
}"""


def test_a_matrix_that_goes_on_has_a_shadow_at_that_end(open_page: Any, address: str) -> None:
    """As a table that goes on has; a matrix that is whole has none."""
    page = open_page(f"{address}?lang=en#positions")
    grid = page.locator("main .grid").first
    page.evaluate(DRAWN)
    assert grid.evaluate(DRAWN_ANEW)["shadows"] == []
    grid.evaluate("grid => { grid.parentElement.style.width = '90px'; }")
    page.evaluate(DRAWN)
    found = grid.evaluate(DRAWN_ANEW)
    assert [ends[:2] for ends in found["shadows"]] == [[found["width"], 0]]
    grid.evaluate("grid => { grid.scrollLeft = 9999; }")
    page.evaluate(DRAWN)
    [[left, _, right, _]] = grid.evaluate(DRAWN_ANEW)["shadows"]
    assert 0 < left < right


def test_ids_are_whole_numbers(open_page: Any, address: str, shown: Exhibit) -> None:
    """An id of 4 is no 4.00, and the scale ends at the greatest id itself."""
    page = open_page(f"{address}?lang=en#step/source_embedding.tokens")
    matrix = page.locator("main .inputs .matrix").first
    matrix.wait_for()
    page.evaluate(DRAWN)
    ids = list(map(str, shown.trace.source.ids))
    assert [one for one in matrix.locator(".grid").evaluate(DRAWN_ANEW)["texts"] if one in ids] == ids
    assert matrix.locator(".ends").inner_text().split()[-1] == max(ids, key=int)


def test_shares_that_are_nearly_all_are_not_called_all(open_page: Any, address: str) -> None:
    """100.0 % beside 0.01 % would be more than all."""
    page = open_page(address)
    written = page.evaluate(
        "async () => { const { percent } = await import('/page/dom.js'); "
        "return [1, 0.99999, 0.99985, 0.999, 0.5, 0.0009, 0.00001, 0].map(percent); }"
    )
    assert written == ["100 %", "> 99.99 %", "99.98 %", "99.9 %", "50.0 %", "0.09 %", "< 0.01 %", "0 %"]


def test_bars_of_one_share_are_equally_long(open_page: Any, address: str) -> None:
    page = open_page(f"{address}?lang=en#training", width=400)
    page.wait_for_selector("main .smoothed .share")
    widths = page.evaluate("[...document.querySelectorAll('.smoothed .share')].map((one) => one.clientWidth)")
    assert max(widths) - min(widths) <= 1
    assert page.locator("main .scroll:has(.smoothed)").evaluate("one => one.scrollWidth <= one.clientWidth")


def test_weights_beside_each_other_stand_at_one_height(open_page: Any, address: str) -> None:
    page = open_page(f"{address}?lang=en#layer")
    page.wait_for_selector("main .card:last-of-type .inputs .grid")
    page.evaluate(DRAWN)
    beside = page.locator("main .card:last-of-type .inputs .matrix")
    first, second = (beside.nth(place).bounding_box() for place in (0, 1))
    assert first["y"] == second["y"]


def test_the_folded_list_shows_that_it_opens(open_page: Any, address: str) -> None:
    page = open_page(address, width=400)
    assert page.locator(".rail-box > summary").evaluate("one => getComputedStyle(one).display") == "list-item"
