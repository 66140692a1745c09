"""Attention weights of another model, 512 tokens long, from one file on disk."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from clearhead import show_attention

COUNT, HEADS = 512, 12
POINTED = """async (number) => {
    const word = document.querySelectorAll("button.line-word")[number];
    word.dispatchEvent(new PointerEvent("pointerenter"));
    const shown = [...document.querySelectorAll("svg.lines g")].map((one) => [one.style.display, one.children.length]);
    const told = document.querySelector(".told-step").textContent;
    word.dispatchEvent(new PointerEvent("pointerleave"));
    return { shown, told, after: document.querySelectorAll("svg.lines g")[0].style.display };
}"""


@pytest.fixture(scope="module")
def weights() -> list[torch.Tensor]:
    """Each place looks at the next with 0.75, but in head 1 at the one before; what is left is spread evenly."""
    rest = torch.full((COUNT, COUNT), 0.25 / COUNT)
    after, before = (0.75 * torch.eye(COUNT).roll(by, 1) for by in (1, -1))
    layer = torch.stack([rest + (before if head == 0 else after) for head in range(HEADS)])
    return [layer[None], layer.flip(0)[None]]


@pytest.fixture(scope="module")
def address(weights: list[torch.Tensor], tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("attention") / "page.html"
    tokens = [f"Ġw{number}" for number in range(COUNT)]
    show_attention(weights, tokens, sentence_b_start=500, layer=1, heads=[11, 3], html_action=path, language="en")
    return path.as_uri()


def test_512_tokens(open_page: Callable[..., Any], address: str) -> None:
    page = open_page(address, offline=True)
    assert page.get_attribute("main", "data-view") == "lines"
    assert "attention=encoder.layers.1.self_attention&heads=4,12" in page.url
    assert page.eval_on_selector_all(".tour button", "all => all.map((one) => one.dataset.view)") == ["lines", "heads"]
    # Of what each place looks at, only 0.75 is drawn: once in each of two heads.
    assert page.eval_on_selector_all("svg.lines line", "all => all.length") == 2 * COUNT
    found = page.evaluate(POINTED, 7)
    assert found["shown"] == [["none", 2 * COUNT], ["", 2]]
    assert found["told"].startswith(" w7 →  w8 75.0 % (head 4),  w6 75.0 % (head 12)")
    assert found["after"] == ""


def test_a_pair_of_sentences(open_page: Callable[..., Any], address: str) -> None:
    """From B, which has 12 places, to A: its first place looks back, and its last one around to the first of all."""
    page = open_page(address, offline=True)
    page.select_option(".choices select >> nth=1", "B → A")
    page.wait_for_function("document.querySelectorAll('button.line-word').length === 12")
    assert page.eval_on_selector_all("span.line-word", "all => all.length") == 500
    assert page.eval_on_selector_all("svg.lines line", "all => all.length") == 2
    assert "pair=B" in page.url


def test_all_heads_and_a_number(open_page: Callable[..., Any], address: str) -> None:
    page = open_page(address, offline=True)
    page.click('.tour button[data-view="heads"]')
    page.wait_for_selector('main[data-view="heads"]')
    assert page.eval_on_selector_all(".thumb", "all => all.length") == HEADS
    page.evaluate("document.querySelector('.grid').choose(0, 1)")
    page.wait_for_selector(".number[data-value]")
    assert "This was given, not computed." in page.inner_text(".number")
    page.evaluate("location.hash = '#step/encoder.layers.0.self_attention.weights'")
    page.wait_for_selector('main[data-view="lines"]')
    page.click(".brand")
    page.keyboard.press("c")
