"""Each operation is described once; a new activation function needs three lines in three files."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from clearhead.errors import TraceError
from clearhead.model import TransformerConfig, config, feed_forward
from clearhead.runtimes.prepacking import unknown_to_c
from clearhead.tracing import Trace, operations, outline
from clearhead.tracing.formulas import exp, named
from clearhead.tracing.operations import DESCRIPTIONS, KINDS, Description, Operation, description_of, key_of

ALL = {**DESCRIPTIONS, **{f"{name} {kind}": one for name, (_, all_) in KINDS.items() for kind, one in all_.items()}}


@pytest.mark.parametrize("name", ALL)
def test_what_the_page_is_told(name: str) -> None:
    """All names of a formula are read somewhere, computed, or settings; its lines write names that are there."""
    described: Description = ALL[name]
    told = json.loads(json.dumps(described.as_json()))
    assert re.search("[가-힣]|[·÷]", told["words"]["ko"])
    known = {one for part in (described.inputs, described.parameters) for operands in part for one in operands}
    known |= {
        "row",
        "column",
        "last",
        "width",
        "infinity",
        "scale",
        "by",
        "base",
        *described.given,
        *described.defaults,
    }
    formulas = [described.value, *described.given.values(), *([described.bound] if described.bound else [])]
    assert set().union(*(one.names() for one in formulas)) <= known
    assert set(re.findall(r"\{\(?(\w+)\)?\}", "".join(described.lines))) <= known
    assert len(described.lines) < 2 or "which" in described.given
    # A sum of products is written by its terms: a dot product, or one and a bias.
    root = told["value"][1] if told["value"][0] == "+" else told["value"]
    assert described.lines or root[0] == "dot"


def test_kinds_of_one_operation() -> None:
    relu = Operation("a", "activate", ("b",), settings={"function": "relu"})
    assert key_of(relu) == "activate relu"
    assert description_of(relu) is operations.ACTIVATIONS["relu"]
    assert key_of(Operation("a", "add")) == "add"
    with pytest.raises(TraceError, match="function of 'activate' 'sine' cannot be checked, which knows relu, "):
        description_of(Operation("a", "activate", settings={"function": "sine"}))


@pytest.fixture
def mish(signatures_unchecked: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """x · tanh(ln(1 + e^x)) (Misra 2019), by the three entries that CONTRIBUTING.md names."""
    choices = config._CHOICES
    monkeypatch.setitem(choices, "activation", (*choices["activation"], "mish"))
    monkeypatch.setitem(feed_forward.FUNCTIONS, "mish", F.mish)
    (x,) = named("x")
    # tanh(ln u) = (u² - 1) / (u² + 1)
    squared = (1 + exp(x)) ** 2
    described = operations._activation(x * (squared - 1) / (squared + 1), "{x} · tanh(ln(1 + e^{(x)}))")
    monkeypatch.setitem(operations.ACTIVATIONS, "mish", described)
    yield
    outline.outline.cache_clear()


def test_a_new_activation(mish: None, make_trace: Any, tmp_path: Any) -> None:
    """It trains, is traced, checked and told to the page; C refuses it, so that PyTorch serves it."""
    model, trace = make_trace(activation="mish")
    name = "encoder.layers.0.feed_forward.activated"
    torch.testing.assert_close(trace[name], F.mish(trace["encoder.layers.0.feed_forward.inner"]))
    assert all(one.agrees for one in trace.check())
    document = trace.document()
    (own,) = [one for one in document["operations"] if one["name"] == name]
    assert document["descriptions"][own["description"]]["lines"] == ["{x} · tanh(ln(1 + e^{(x)}))"]
    trace.save(tmp_path / "a.safetensors", weights=True)
    assert all(one.agrees for one in Trace.load(tmp_path / "a.safetensors").check())
    logits = model(torch.tensor([[5, 6]]), torch.tensor([[1, 7]]))
    logits.logsumexp(-1).sum().backward()
    assert model.encoder.layers[0].feed_forward.inner.weight.grad.abs().sum() > 0
    assert unknown_to_c(model.config.block) is not None


def test_a_name_that_nobody_gave_is_refused(signatures_unchecked: None) -> None:
    with pytest.raises(ValueError, match="activation='mish' is not known"):
        TransformerConfig(source_vocabulary=9, target_vocabulary=9, activation="mish")  # type: ignore[arg-type]
