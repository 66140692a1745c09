"""What the Transformer is usually explained by, each reached by mouse and by keyboard, its numbers the trace's own."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from clearhead.look import Exhibit

ENCODER, CROSS = "encoder.layers.0.self_attention", "decoder.layers.0.cross_attention"


def number(written: str) -> float:
    return float(written.replace("−∞", "-inf").replace("−", "-"))


class Reader:
    """One who uses the page by mouse, or by keyboard alone."""

    def __init__(self, page: Any, way: str) -> None:
        self.page, self.way = page, way

    def press(self, selector: str) -> None:
        """A button."""
        found = self.page.locator(selector).first
        if self.way == "mouse":
            found.click()
        else:
            found.focus()
            self.page.keyboard.press("Enter")

    def chapter(self, name: str) -> None:
        self.press(f'.rail button[data-view="{name}"]')
        self.page.wait_for_selector(f'main[data-view="{name}"]')

    def cell(self, figure: str, row: int, column: int) -> float:
        """Choose a matrix's cell and read its number from the line below."""
        grid = self.page.locator(f"{figure} [role=grid]").first
        before = self.page.get_attribute(".number", "data-turn")
        if self.way == "mouse":
            grid.scroll_into_view_if_needed()
            grid.dispatch_event("focus")
            x, y = grid.evaluate("(grid, at) => grid.centre(...at)", [row, column])
            box = grid.bounding_box()
            self.page.mouse.click(box["x"] + x, box["y"] + y)
        else:
            grid.focus()
            self.page.keyboard.press("Control+Home")
            for _ in range(row):
                self.page.keyboard.press("ArrowDown")
            for _ in range(column):
                self.page.keyboard.press("ArrowRight")
        # On its way the mouse passes over other cells, whose numbers are shown as well.
        named = self.page.locator(figure).first.get_attribute("data-name")
        wanted = f'[data-cell="{named}/{row},{column}"]' if named else ""
        self.page.wait_for_selector(f'.number[data-turn]:not([data-turn="{before}"]){wanted}')
        self.page.wait_for_selector(".number .check:enabled")
        return number(self.page.get_attribute(".number", "data-value"))

    def slide(self, selector: str, times: int) -> None:
        """A slider, some steps to the right."""
        found = self.page.locator(selector).first
        found.focus()
        for _ in range(times):
            self.page.keyboard.press("ArrowRight")


def head_of(page: Any) -> int:
    return int(page.locator("main .choice [aria-pressed=true]").first.get_attribute("data-value"))


def near(tensor: Any) -> Any:
    return pytest.approx(tensor.tolist() if isinstance(tensor, torch.Tensor) else tensor, abs=0.0051)


def words(reader: Reader, shown: Exhibit) -> None:
    page = reader.page
    for side, ids in (("source", shown.trace.source.ids), ("target", shown.trace.target.ids)):
        reader.press(f'main [data-value="{side}"]')
        page.wait_for_selector(f'main [data-value="{side}"][aria-pressed=true]')
        rows = page.locator("main table").first.locator("tbody tr").all_inner_texts()
        assert [int(row.split("\t")[2]) for row in rows] == list(ids)
        vectors = [[number(one) for one in row.split("[")[1].split(", ")[:3]] for row in rows]
        assert [one for row in vectors for one in row] == near(shown.trace[f"{side}_embedding.tokens"][:, :3].flatten())
    assert page.locator("main canvas.lane").count() == 2


def positions(reader: Reader, shown: Exhibit) -> None:
    page = reader.page
    toy = [number(one) for one in page.locator("main table").first.locator("tbody td").all_inner_texts()]
    # PE of width 4: sin and cos of pos, and of pos / 100.
    expected = [one for pos in range(5) for angle in (pos, pos / 100) for one in (math.sin(angle), math.cos(angle))]
    assert toy == pytest.approx(expected, abs=6e-5)
    added = "main figure:has([aria-rowcount='3'])"
    side = page.get_attribute("main [data-value][aria-pressed=true]", "data-value")
    word = int(page.locator("main select").evaluate("list => list.selectedIndex"))
    for row, last in enumerate(("tokens", "positions", "sum")):
        found = reader.cell(added, row, 1)
        assert found == pytest.approx(float(shown.trace[f"{side}_embedding.{last}"][word, 1]), rel=1e-4)


def vectors(reader: Reader, shown: Exhibit) -> None:
    reader.press('main .choice [data-value="1"]')
    reader.page.wait_for_selector('main figure[data-head="1"]')
    for last in ("query", "key", "value"):
        found = reader.cell(f'main figure[data-name="{ENCODER}.{last}"]', 1, 2)
        assert found == pytest.approx(float(shown.trace[f"{ENCODER}.{last}"][1, 1, 2]), rel=1e-4)
    reader.press('main .choice [data-value="0"]')
    reader.page.wait_for_selector('main figure[data-head="0"]')


def six(reader: Reader, shown: Exhibit) -> None:
    page, on = reader.page, "main .player button:last-of-type"
    for count in range(2, 7):
        reader.press(on)
        assert page.inner_text("main .player .place") == f"{count} / 6"
    cells = [number(one) for one in page.locator("main tbody .link").all_inner_texts()]
    word = int(page.locator("main .field select").nth(1).evaluate("list => list.selectedIndex"))
    rows = [shown.trace[f"{ENCODER}.{last}"][0, word] for last in ("scores", "masked", "weights")]
    assert cells == near(torch.stack(rows, dim=1).flatten())
    context = page.inner_text("main tr.sum td").split(",")[:4]
    assert [number(one) for one in context] == near(shown.trace[f"{ENCODER}.context"][0, word, :4])
    page.locator("main .player input").fill("0")
    reader.press("main .play")
    page.locator("main .player .place", has_text="2 / 6").wait_for(timeout=5000)
    reader.press("main .play")


def matrices(reader: Reader, shown: Exhibit) -> None:
    """Under the mouse, a cell's row and column light up and the line below shows its sum; keys choose it."""
    page, name = reader.page, f"{ENCODER}.scores"
    value = reader.cell(f'main figure[data-name="{name}"]', 1, 2)
    query, key = shown.trace[f"{ENCODER}.query"][0, 1], shown.trace[f"{ENCODER}.key"][0, 2]
    assert value == pytest.approx(float(query.double() @ key.double()), rel=1e-4)
    terms = page.inner_text(".equation").split("= ")[1].split(" + ")[:3]
    factors = [[number(one.strip("() ")) for one in term.split("·")] for term in terms]
    assert factors == [pytest.approx([float(query[i]), float(key[i])], rel=1e-3) for i in range(3)]
    lit = "figure => figure.querySelector('[role=grid]').dataset.lit"
    assert page.locator(f'main figure[data-name="{ENCODER}.query"]').first.evaluate(lit) == "1,*"
    assert page.locator(f'main figure[data-name="{ENCODER}.key"]').first.evaluate(lit) == "2,*"
    if reader.way == "mouse":
        grid = page.locator(f'main figure[data-name="{name}"] [role=grid]')
        x, y = grid.evaluate("grid => grid.centre(0, 0)")
        box = grid.bounding_box()
        page.mouse.move(box["x"] + x, box["y"] + y)
        page.locator(".equation b", has_text="[0, 0]").wait_for()


def heads(reader: Reader, shown: Exhibit) -> None:
    reader.press("main .thumb >> nth=1")
    reader.page.wait_for_selector('main figure[data-head="1"]')
    for last, place in (("weights", (1, 0, 1)), ("concatenated", (0, 1)), ("output", (1, 0))):
        name = f"{ENCODER}.{last}"
        found = reader.cell(f'main figure[data-name="{name}"]', *place[-2:])
        assert found == pytest.approx(float(shown.trace[name][place]), rel=1e-4)
    assert reader.page.locator("main .recap canvas").count() == 2 + 2


def lines(reader: Reader, shown: Exhibit) -> None:
    page = reader.page
    page.locator("main select").first.select_option(index=2)
    page.wait_for_selector(f"main button.line-word:nth-child({len(shown.trace.target.ids)})")
    reader.press("main .choice button >> nth=1")
    page.wait_for_selector("main .choice button[aria-pressed=true] >> nth=1")
    drawn = (shown.trace[f"{CROSS}.weights"] >= 0.02).sum()
    assert page.locator("main svg.lines line").count() == int(drawn)
    reader.press("main button.line-word >> nth=1")
    told = page.inner_text("main .told-step")
    most = float(shown.trace[f"{CROSS}.weights"][:, 1].max())
    assert f"{100 * most:.1f} %" in told


def layer(reader: Reader, shown: Exhibit) -> None:
    own = "encoder.layers.0.feed_forward"
    steps = ("_residual.sum", "_residual.mean", "_residual.variance", "_residual.normalized", ".inner", ".activated")
    for name in (f"{own}{step}" for step in steps):
        found = reader.cell(f'main figure[data-name="{name}"]', 1, 0)
        assert found == pytest.approx(float(shown.trace[name][1, 0]), rel=1e-4, abs=1e-8)
    zeros = (shown.trace[f"{own}.activated"] == 0).double().mean()
    assert f"{100 * zeros:.1f} %" in reader.page.inner_text("main")


def memory(reader: Reader, shown: Exhibit) -> None:
    page = reader.page
    reader.press("main .player button:last-of-type")
    assert page.locator("main table.memory canvas.thumbnail").count() == 3
    reader.press("main .player button:last-of-type")
    told = [float(one.removesuffix(" %")) for one in page.locator("main table.memory .link").all_inner_texts()]
    position = int(page.locator("main select").evaluate("list => list.selectedIndex"))
    expected = 100 * shown.trace[f"{CROSS}.weights"][head_of(page), position].sort(descending=True).values[:3]
    assert told == pytest.approx(expected.tolist(), abs=0.051)


def decoder(reader: Reader, shown: Exhibit) -> None:
    page = reader.page
    reader.press("main .player button:last-of-type")
    assert page.inner_text("main .player .place").startswith("2 /")
    found = [float(one.get_attribute("data-weight")) for one in page.locator("main [data-weight]").all()]
    own = shown.trace["decoder.layers.0.self_attention.weights"][head_of(page), 1, :2].tolist()
    assert found == pytest.approx([*own, *shown.trace[f"{CROSS}.weights"][head_of(page), 1].tolist()], rel=1e-5)
    assert page.locator("main .hidden-word").count() == len(shown.trace.target.ids) - 2


def output(reader: Reader, shown: Exhibit) -> None:
    page = reader.page
    reader.slide("main input[type=range]", 5)
    found = [float(one.get_attribute("data-share")) for one in page.locator("main tr[data-share]").all()]
    temperature = float(page.input_value("main input[type=range]"))
    assert temperature == pytest.approx(1.5)
    position = int(page.locator("main select").evaluate("list => list.selectedIndex"))
    logits = shown.trace["output.logits"][position].double()
    expected = (logits / temperature).softmax(-1).sort(descending=True).values
    assert found == pytest.approx(expected[: len(found)].tolist(), rel=1e-6)
    served = page.locator("main .card tbody tr")
    here = [number(one.split("\t")[1]) for one in served.all_inner_texts()]
    ids = torch.tensor(shown.trace.predicted.ids)
    expected = shown.trace["output.probabilities"].double().log()[range(len(ids)), ids]
    assert here == pytest.approx(expected.tolist(), rel=1e-3)


def beam(reader: Reader, shown: Exhibit) -> None:
    """Each kind of node opens with its scores, why it met its fate, and the decoder step that chose it."""
    page, tree = reader.page, shown.trace.tree
    for fate in {one["fate"] for one in tree}:
        node = [one for one in tree if one["fate"] == fate and one["parent"] >= 0][-1]
        reader.press(f'.tree [data-number="{node["number"]}"]')
        facts = [number(one) for one in page.locator("main .card dd").all_inner_texts()]
        assert facts == pytest.approx([node[key] for key in ("log_probability", "total", "score")], rel=1e-4, abs=1e-4)
        assert page.inner_text("main .reason")
        page.wait_for_selector("main .scene [data-weight]")
        found = [float(one.get_attribute("data-weight")) for one in page.locator("main .scene [data-weight]").all()]
        assert found == pytest.approx(shown.moment(node["parent"])[0, head_of(page)].tolist(), rel=1e-4, abs=1e-7)
    dropped = next(one for one in tree if one["fate"] == "dropped")
    reader.press(f'.tree [data-number="{dropped["number"]}"]')
    rivals = [one for one in tree if one["length"] == dropped["length"] and one["fate"] not in ("dropped", "finished")]
    least = min(one["total"] for one in rivals)
    assert f"{abs(least):.6g}" in page.inner_text("main .reason")
    reader.press("main .open")
    page.wait_for_selector('main[data-view="decoder"]')
    reader.press(".notice .link")
    page.wait_for_selector('main[data-view="beam"]')


def training(reader: Reader, shown: Exhibit) -> None:
    page = reader.page
    reader.slide("main input[type=range]", 2)
    targets = [
        float(one) for one in page.locator("main table").first.locator("tbody td span:last-child").all_inner_texts()
    ]
    # Six words, epsilon 0.1: 1 - 0.1 + 0.1 / 6 for the right one, 0.1 / 6 for each other.
    assert targets[:6] == pytest.approx([0.1 / 6, 0.1 / 6, 0.9 + 0.1 / 6, 0.1 / 6, 0.1 / 6, 0.1 / 6], abs=6e-4)
    position = int(page.locator("main .card select").evaluate("list => list.selectedIndex"))
    likely = shown.trace["output.probabilities"][position].sort(descending=True).values[:10].tolist()
    assert shown.before is not None
    for column, shares in enumerate(([share for *_, share in shown.before[position]], likely)):
        cells = page.locator("main .inputs").first.locator("table").nth(column).locator("td:last-child")
        found = [float(one.removesuffix(" %")) for one in cells.all_inner_texts()]
        assert found == pytest.approx([100 * share for share in shares], abs=0.051)
    # 5 / step for the loss and step / 1000 for the rate, of the steps 1 to 4.
    curves = page.locator("main figure.curve figcaption").all_inner_texts()
    assert [one.split(": ")[1] for one in curves] == ["5 → 1.25", "0.001 → 0.004"]


ROWS: list[Callable[[Reader, Exhibit], None]] = [
    words, positions, vectors, six, matrices, heads, lines, layer, memory, decoder, output, beam, training,
]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("way", ["mouse", "keyboard"])
def test_every_row(open_page: Any, address: str, shown: Exhibit, way: str, language: str) -> None:
    reader = Reader(open_page(f"{address}?lang={language}"), way)
    for row in ROWS:
        reader.chapter(row.__name__)
        row(reader, shown)
        assert not reader.page.query_selector("main [role=alert]"), row.__name__
