"""Pictures of a trace: what they show is what the trace holds, and nothing overlaps."""

import importlib
import math
import sys
from typing import Any

import numpy
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PatchCollection, QuadMesh
from matplotlib.text import Text

from clearhead.bundle import Bundle
from clearhead.errors import PackageError, TraceError, UsageError
from clearhead.look import Exhibit, decided_head, draw_attention, draw_beam, draw_heads, draw_positions
from clearhead.model import DecoderOnlyConfig, EncoderOnlyConfig
from clearhead.model.families import built
from clearhead.tracing import Side, Trace, operations_of, record

ATTENTIONS = ["encoder.layers.0.self_attention", "decoder.layers.0.self_attention", "decoder.layers.0.cross_attention"]


@pytest.fixture(scope="module")
def trace(exhibit: Exhibit) -> Trace:
    return exhibit.trace


def texts(figure: Any) -> list[str]:
    return [one.get_text() for one in figure.findobj(Text) if one.get_text()]


def labels(figure: Any) -> tuple[list[str], list[str]]:
    axes = figure.axes[0]
    return tuple([one.get_text() for one in side] for side in (axes.get_yticklabels(), axes.get_xticklabels()))  # type: ignore[return-value]


def mesh(axes: Any) -> torch.Tensor:
    [one] = [one for one in axes.collections if isinstance(one, QuadMesh)]
    return torch.tensor(one.get_array())


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_the_weights_are_the_traces(trace: Trace, attention: str) -> None:
    figure = draw_attention(trace, attention, head=1)
    assert torch.equal(mesh(figure.axes[0]), trace[f"{attention}.weights"][1])
    # faults.md D6: what a picture says counts from 1, and names no tensor, whose numbers begin with 0.
    said = " ".join(texts(figure))
    assert "head 2" in said
    assert "layer 1" in said
    assert ".layers." not in said
    assert "[1]" not in said
    assert "attention weight" in texts(figure)


def test_whose_tokens_stand_where(trace: Trace) -> None:
    source, target = ([one.replace("▁", "_") for one in side.pieces] for side in (trace.source, trace.target))
    sides = [(source, source), (target, target), (target, source)]
    assert [labels(draw_attention(trace, one, 0)) for one in ATTENTIONS] == sides


def test_the_future_is_hatched_in_the_decoder_only(trace: Trace) -> None:
    """Row t may look at the t + 1 positions up to itself: of n rows, n·(n-1)/2 cells are masked."""
    count = len(trace.target.ids)
    hatched = []
    for attention in ATTENTIONS:
        figure = draw_attention(trace, attention, 0)
        found = [one for one in figure.axes[0].collections if isinstance(one, PatchCollection)]
        hatched.append(sum(len(one.get_paths()) for one in found))
        assert any(text.startswith("masked") for text in texts(figure)) == bool(found)
    assert hatched == [0, count * (count - 1) // 2, 0]


def test_every_head_has_its_panel(trace: Trace) -> None:
    weights = trace[f"{ATTENTIONS[2]}.weights"]
    figure = draw_heads(trace, f"{ATTENTIONS[2]}.weights")
    assert len(figure.axes) == len(weights) + 1  # And the legend.
    for axes, expected in zip(figure.axes, weights, strict=False):
        assert torch.equal(mesh(axes), expected)
    assert {"head 1", "head 2"} <= set(texts(figure))


def test_the_most_decided_head(trace: Trace) -> None:
    """Entropy by hand: 0 where all weight is on one, ln 2 where two share it."""
    attention = ATTENTIONS[0]
    length = len(trace.source.ids)
    weights = torch.zeros(2, length, length)
    weights[0, :, :2] = 0.5
    weights[1, :, 0] = 1.0
    made = Trace(
        {f"{attention}.weights": weights, f"{attention}.masked": torch.zeros_like(weights)}, [],
        source=trace.source, target=trace.target, predicted=trace.predicted, config=trace.config,
    )  # fmt: skip
    assert decided_head(made, attention) == 1
    assert "Self-attention, head 2" in texts(draw_attention(made, attention))


def test_positions_are_the_papers(trace: Trace) -> None:
    """Section 3.5: PE(pos, 0) = sin pos and PE(pos, 1) = cos pos, drawn over [-1, 1]."""
    axes = draw_positions(trace, 5).axes[0]
    [image] = axes.images
    table = image.get_array()
    assert table.shape == (5, trace.config["width"])
    for place in range(5):
        assert table[place, :2].tolist() == pytest.approx([math.sin(place), math.cos(place)], abs=1e-6)
    assert image.get_clim() == (-1, 1)


def with_positions(trace: Trace, kind: str, **more: Any) -> Trace:
    sides = {"source": trace.source, "target": trace.target, "predicted": trace.predicted}
    tensors = {name: trace[name] for name in trace}
    return Trace(tensors, trace.operations, config={**trace.config, "positions": kind}, **sides, **more)  # type: ignore[arg-type]


def test_other_kinds_of_positions(trace: Trace) -> None:
    """tensor2tensor's layout: sines in the first half, cosines in the second."""
    half = trace.config["width"] // 2
    [image] = draw_positions(with_positions(trace, "sinusoidal-concatenated"), 3).axes[0].images
    assert image.get_array()[1, [0, half]].tolist() == pytest.approx([math.sin(1), math.cos(1)], abs=1e-6)
    table = torch.full((9, trace.config["width"]), -3.0)
    learned = with_positions(trace, "learned", parameters={"source_embedding.positions.table": table})
    [image] = draw_positions(learned, 4).axes[0].images
    assert image.get_array().tolist() == table[:4].tolist()
    assert image.get_clim() == (-3, 3)
    for kind in ("rotary", "rotary-halves", "relative", "alibi"):
        with pytest.raises(TraceError, match=rf"adds nothing for places: its positions \({kind}\) act in attention"):
            draw_positions(with_positions(trace, kind))


def test_what_is_not_there(trace: Trace, two_languages: Bundle) -> None:
    with pytest.raises(TraceError, match=r"head=2 is not a head of encoder.layers.0.self_attention, which has 2"):
        draw_attention(trace, ATTENTIONS[0], 2)
    with pytest.raises(TraceError, match="did you mean"):
        draw_heads(trace, "encoder.layers.7.self_attention")
    with pytest.raises(TraceError, match="positions=65 is not between 1 and 64"):
        draw_positions(trace, 65)
    with pytest.raises(UsageError, match="language='de'"):
        draw_heads(trace, ATTENTIONS[0], "de")
    with pytest.raises(TraceError, match="trace it with a beam"):
        draw_beam(two_languages.trace("one", "fr"))


def test_a_tree_of_thousands_is_refused(trace: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    """faults.md A16: a file with 20,000 nodes was drawn for more than a minute."""
    monkeypatch.setattr(trace, "tree", trace.tree[:1] * 20_000)
    with pytest.raises(TraceError, match=r"20,000 hypotheses, more than the 2,000 that a picture can show"):
        draw_beam(trace)


def test_without_matplotlib_a_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "clearhead.look.figures")
    with pytest.raises(PackageError, match="pip install matplotlib") as caught:
        importlib.import_module("clearhead.look.figures")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("kind", [*ATTENTIONS, "heads", "positions", "beam"])
def test_no_two_texts_overlap_and_all_are_inside(trace: Trace, kind: str, language: str) -> None:
    drawers = {
        "heads": lambda: draw_heads(trace, ATTENTIONS[1], language),
        "positions": lambda: draw_positions(trace, language=language),
        "beam": lambda: draw_beam(trace, language),
    }
    figure = drawers.get(kind, lambda: draw_attention(trace, kind, 0, language))()
    figure.draw_without_rendering()
    renderer = FigureCanvasAgg(figure).get_renderer()
    visible = [one for one in figure.findobj(Text) if one.get_visible() and one.get_text().strip()]
    boxes = [one.get_window_extent(renderer).extents for one in visible]
    left, bottom, right, top = numpy.array(boxes).T
    assert left.min() >= figure.bbox.x0
    assert right.max() <= figure.bbox.x1
    assert bottom.min() >= figure.bbox.y0
    assert top.max() <= figure.bbox.y1
    # The box around a slanted label is larger than the label.
    straight = numpy.array([one.get_rotation() in (0, 90) for one in visible])
    beside = (left[:, None] < right) & (left < right[:, None]) & straight[:, None] & straight
    overlapping = numpy.triu(beside & (bottom[:, None] < top) & (bottom < top[:, None]), 1)
    said = [one.get_text() for one in visible]
    assert [(said[one], said[other]) for one, other in zip(*overlapping.nonzero(), strict=True)] == []


@pytest.mark.parametrize("family", ["decoder-only", "encoder-only"])
def test_a_text_s_trace(family: str) -> None:
    """Its rows and columns are the text's pieces, and its positions its own table's."""
    config = {"decoder-only": DecoderOnlyConfig, "encoder-only": EncoderOnlyConfig}[family](
        vocabulary=9, width=8, heads=2, inner_width=8, layers=1, positions="learned", max_length=6
    )
    side, model = Side("one two", (3, 4, 5), ("on", "e", "two")), built(config).eval()
    sides = {"text": side, **({"predicted": side} if family == "decoder-only" else {})}
    tensors = record(model, side.ids)
    for parameters in ({}, dict(model.named_parameters())):
        trace = Trace(
            tensors, operations_of(config), family=family, config=config.as_plain(), parameters=parameters, **sides
        )
        figure = draw_heads(trace, f"{family.removesuffix('-only')}.layers.0.self_attention")
        assert labels(figure) == (["on", "e", "two"], ["on", "e", "two"])
        [image] = draw_positions(trace, 3).axes[0].images
        assert image.get_array().tolist() == tensors["embedding.positions"].tolist()
        assert Exhibit(trace).document()["trace"]["family"] == family
