"""What is drawn, as rules over all that stands on the page: every chapter and level, three widths, both languages."""

from typing import Any

import pytest

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
