"""Attention weights of other models on the page: what it holds, and what is refused."""

import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

import clearhead
from clearhead.errors import TraceError
from clearhead.look import Exhibit, Shown, show_attention

TOKENS = ["[CLS]", "Ġthe", "▁cat", "</w>"]
HALVES = np.full((1, 2, 4, 4), 0.25, np.float32)


def told(shown: Shown | None) -> Any:
    """The data of the page."""
    assert shown is not None
    [found] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', shown.data)
    return json.loads(found)


def numbers(data: Any, name: str) -> torch.Tensor:
    import base64

    stored = data["tensors"][name]
    return torch.from_numpy(np.frombuffer(base64.b64decode(stored["base64"]), "<f4").reshape(stored["shape"]).copy())


def test_it_is_public() -> None:
    assert clearhead.show_attention is show_attention


@pytest.mark.parametrize("kind", ["tuple of tensors", "arrays", "one array", "without a batch", "bfloat16"])
def test_every_number_is_what_was_given(kind: str) -> None:
    """As transformers returns them, and in other shapes; a gradient may hang on them."""
    weights = torch.rand(2, 1, 3, 4, 4, generator=torch.Generator().manual_seed(1)).softmax(-1).requires_grad_()
    given = {
        "tuple of tensors": tuple(weights),
        "arrays": [one.detach().numpy() for one in weights],
        "one array": weights.detach().numpy(),
        "without a batch": list(weights[:, 0]),
        "bfloat16": list(weights.bfloat16()),
    }[kind]
    data = told(show_attention(given, TOKENS, html_action="return"))
    for layer in range(2):
        expected = (weights.bfloat16().float() if kind == "bfloat16" else weights)[layer, 0].detach()
        assert torch.equal(numbers(data, f"encoder.layers.{layer}.self_attention.weights"), expected)
    assert data["document"]["opening"] == "#lines?attention=encoder.layers.0.self_attention&heads=1"
    assert data["document"]["trace"]["family"] == "encoder-only"
    assert data["document"]["trace"]["text"]["pieces"] == ["[CLS]", " the", " cat", ""]


def test_what_looks_back_only_is_a_decoder() -> None:
    causal = torch.ones(4, 4).tril()
    layer = (causal / causal.sum(-1, keepdim=True)).expand(2, 4, 4)
    data = told(show_attention([layer], TOKENS, prettify_tokens=False, html_action="return"))
    assert data["document"]["trace"]["family"] == "decoder-only"
    assert [*data["tensors"]] == ["decoder.layers.0.self_attention.weights"]
    assert data["document"]["trace"]["text"]["pieces"] == TOKENS


def test_an_encoder_decoder_by_the_names_of_bertviz() -> None:
    layers = [HALVES] * 3
    shown = show_attention(
        encoder_attention=layers, decoder_attention=[HALVES[..., :2, :2]] * 3, cross_attention=[HALVES[..., :2, :]] * 3,
        encoder_tokens=TOKENS, decoder_tokens=["<s>", "a"], include_layers=[2, 0], include_heads=[1], layer=2,
        html_action="return",
    )  # fmt: skip
    data = told(shown)
    parts = ("encoder.layers.{}.self", "decoder.layers.{}.self", "decoder.layers.{}.cross")
    names = [f"{part.format(layer)}_attention.weights" for part in parts for layer in (0, 2)]
    assert [*data["tensors"]] == names
    assert data["tensors"]["decoder.layers.2.cross_attention.weights"]["shape"] == [2, 2, 4]
    assert data["document"]["trace"]["settings"]["heads"] == [1]
    assert data["document"]["opening"] == "#lines?attention=encoder.layers.2.self_attention&heads=2"
    [*only] = told(
        show_attention(cross_attention=layers, encoder_tokens=TOKENS, decoder_tokens=TOKENS, html_action="return")
    )["tensors"]
    assert only == [f"decoder.layers.{layer}.cross_attention.weights" for layer in range(3)]


def test_positional_arguments_stand_where_bertviz_has_them() -> None:
    data = told(show_attention([HALVES], TOKENS, 2, False, 0, [1], html_action="return"))
    assert data["document"]["trace"]["settings"]["second"] == 2
    assert data["document"]["opening"].endswith("heads=2")


def test_a_file_and_a_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert show_attention([HALVES], TOKENS, html_action=str(tmp_path / "page.html"), language="ko") is None
    shown = show_attention([HALVES], TOKENS, html_action="return", language="ko")
    assert shown is not None
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == shown.data
    published: list[Any] = []
    shell = SimpleNamespace(display_pub=SimpleNamespace(publish=lambda data: published.append(data["text/html"])))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell, version_info=(9, 0)))
    assert show_attention([HALVES], TOKENS, language="ko") is None
    assert published == [shown._repr_html_()]


def test_nothing_comes_from_a_network() -> None:
    shown = show_attention([HALVES], TOKENS, html_action="return")
    assert shown is not None
    assert "default-src 'none'" in shown.data
    assert "https://" not in shown.data


BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "given are none; give attention and tokens, or"),
    ({"attention": [HALVES], "cross_attention": [HALVES], "tokens": TOKENS}, "given are attention, cross_attention"),
    ({"attention": [HALVES]}, "attention is given without tokens"),
    ({"cross_attention": [HALVES], "decoder_tokens": TOKENS}, "is given without encoder_tokens"),
    ({"attention": [None], "tokens": TOKENS}, r"attention\[0\] is None; load the model with attn_implementation"),
    ({"attention": [HALVES], "tokens": TOKENS[:3]}, r"has the shape \(2, 4, 4\), but the tokens are 3 × 3"),
    ({"attention": [HALVES.repeat(2, 0)], "tokens": TOKENS}, r"has the shape \(2, 2, 4, 4\)"),
    ({"attention": [4 * HALVES + 0.1], "tokens": TOKENS}, "holds numbers outside 0 to 1; give weights after"),
    ({"attention": [HALVES * np.nan], "tokens": TOKENS}, "holds numbers outside 0 to 1"),
    ({"attention": [HALVES, HALVES[:, :1]], "tokens": TOKENS}, r"layers have \[1, 2\] heads"),
    ({"attention": [], "tokens": TOKENS}, "attention has no layer; load the model with attn_implementation"),
    ({"attention": 5, "tokens": TOKENS}, "attention=5 is no list of layers"),
    ({"attention": ["weights"], "tokens": TOKENS}, r"attention\[0\]='weights' is no tensor"),
    ({"attention": [HALVES], "tokens": "abcd"}, "tokens='abcd' is no list of str"),
    ({"attention": [HALVES], "tokens": [1, 2, 3, 4]}, r"tokens=\[1, 2, 3, 4\] is no list of str"),
    ({"attention": [HALVES], "tokens": TOKENS, "sentence_b_start": 4}, "sentence_b_start=4 must be from 1 to 3"),
    ({"attention": [HALVES], "tokens": TOKENS, "layer": 1}, "layer=1 is none of those that are shown"),
    ({"attention": [HALVES], "tokens": TOKENS, "heads": [2]}, r"heads=\[2\] must be numbers from 0 to 1"),
    ({"attention": [HALVES], "tokens": TOKENS, "include_heads": []}, r"include_heads=\[\] must be numbers from 0 to 1"),
    ({"attention": [HALVES], "tokens": TOKENS, "include_layers": [1]}, r"include_layers=\[1\] must be numbers from 0"),
    ({"attention": [HALVES], "tokens": TOKENS, "html_action": "show"}, "html_action='show' is none of"),
    ({"attention": [HALVES], "tokens": TOKENS, "html_action": "view"}, 'html_action="view" needs a notebook'),
]


@pytest.mark.parametrize(("given", "message"), BAD)
def test_what_does_not_fit_is_one_line(given: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    with pytest.raises(TraceError, match=message) as error:
        show_attention(**{"html_action": "return", **given})
    assert "\n" not in str(error.value)


def test_a_page_of_a_whole_trace_has_no_such_opening(exhibit: Exhibit) -> None:
    assert exhibit.document()["opening"] == ""
