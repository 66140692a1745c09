"""A trace's file that somebody changed by hand: read, or refused in one line."""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from clearhead.bundle import Bundle
from clearhead.errors import ClearheadError, TraceError
from clearhead.look import Exhibit, as_html, draw_beam, draw_heads, draw_positions
from clearhead.model import TransformerConfig
from clearhead.tracing import Trace, operations_of
from clearhead.tracing.outline import tensor_shapes

WEIGHTS = "decoder.layers.0.cross_attention.weights"


@pytest.fixture(scope="module")
def stored(brief: Bundle, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """A trace's document and tensors, with the tree of a beam search and all weights."""
    path = tmp_path_factory.mktemp("trace") / "a.safetensors"
    trace = brief.trace("one two", "fr", beam_size=3)
    trace.save(path, weights=True)
    assert len(trace.tree) > 10
    return json.loads(json.dumps(trace.document())), load_file(path)


# Written by version 0.1 before operations were called so: untrained, width 4, one layer each; with all weights.
FORMAT_ONE = {
    "post": {},
    "pre": {"norm_placement": "pre", "norm": "rms", "activation": "swiglu", "positions": "rotary"},
    "learned": {"norm_placement": "pre", "activation": "gelu-tanh", "positions": "learned"},
}


@pytest.mark.parametrize("name", FORMAT_ONE)
def test_a_trace_of_format_one(name: str, tmp_path: Path) -> None:
    trace = Trace.load(Path(__file__).with_name("data") / f"format-1-{name}.safetensors")
    assert {key: trace.config[key] for key in FORMAT_ONE[name]} == FORMAT_ONE[name]
    assert (trace.source.text, trace.predicted.pieces) == ("five six", ("seven", "⟨end⟩"))
    assert all(one.agrees for one in trace.check())
    weights = trace.attention("decoder", kind="cross")
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 2))
    trace.save(tmp_path / "again.safetensors", weights=True)
    again = Trace.load(tmp_path / "again.safetensors")
    assert again.operations == trace.operations
    assert all(torch.equal(again[name], tensor) for name, tensor in trace.items())


Write = Callable[..., Path]


@pytest.fixture
def write(stored: tuple[dict[str, Any], dict[str, Any]], tmp_path: Path) -> Write:
    """`write(document, tensors)`: a file with these in place of the whole ones."""

    def write(document: Any = None, tensors: dict[str, Any] | None = None) -> Path:
        text = json.dumps(stored[0] if document is None else document)
        save_file(stored[1] if tensors is None else tensors, tmp_path / "b.safetensors", {"clearhead": text})
        return tmp_path / "b.safetensors"

    return write


def test_the_shapes_are_those_of_every_trace(make_trace: Any) -> None:
    for choices in (
        {}, {"positions": "rotary", "activation": "swiglu"}, {"positions": "learned", "norm": "rms"},
        {"norm_placement": "pre", "encoder_layers": 0}, {"decoder_layers": 0},
    ):  # fmt: skip
        model, trace = make_trace(**choices)
        shapes = tensor_shapes(model.config, len(trace.source.ids), len(trace.target.ids))
        assert {name: tuple(trace[name].shape) for name in trace} == shapes


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("family",), "causal", "its family is not one of encoder-decoder, decoder-only, encoder-only"),
        (("family",), ["encoder-decoder"], "its family is not one of"),
        (("family",), "decoder-only", "is no trace, or a damaged one"),
        (("config",), [], "its config is not an object"),
        (("config", "encoder_layers"), 10**9, "encoder_layers=1000000000 is not a whole number"),
        (("config", "encoder_layers"), 1000, "more layers than the file has tensors"),
        (("config", "inner_width"), 64, "is F32"),
        (("operations", 3, "operation"), "eval", "its operations are not those of its config"),
        (("operations", 3, "inputs"), ["output.logits"], "its operations are not those of its config"),
        (("operations", 0, "settings", "scale"), "4", "its operations are not those of its config"),
        (("operations",), {}, "its operations are not those of its config"),
        (("operations",), [1, "a"], "its operations are not those of its config"),
        (("source", "ids", 0), 10**9, "the ids of its source are not a list of ids"),
        (("source", "ids", 0), True, "the ids of its source are not a list of ids"),
        (("source", "ids", 0), 3, "source_embedding.ids are not the sentence's"),
        (("source", "pieces"), ["a"], "ids and 1 pieces"),
        (("source", "pieces", 0), "a" * 1001, "the pieces of its source are not a list of short texts"),
        (("target", "text"), None, "the text of its target is not a text"),
        (("settings",), [], "its settings are not an object"),
        (("settings", "pieces"), {"1": 2}, "its setting pieces is not an object of short texts"),
        (("settings", "served"), [1.0], "its setting served is not a list of [0-9]+ numbers"),
        (("settings", "labels"), ["one", 2], "its setting labels is not a list of short texts"),
        (("settings", "beam_size"), "3", "its setting beam_size is not a whole number"),
        (("settings", "deep"), [[[]]], "its setting deep is not a number or a short text"),
        (("tree",), {}, "its tree is not a list of nodes"),
        (("tree", 0, "parent"), 0, "node 0 does not follow an earlier node"),
        (("tree", 4, "parent"), 5, "node 4 does not follow an earlier node"),
        (("tree", 4, "parent"), 4, "node 4 does not follow an earlier node"),
        (("tree", 4, "length"), 10**9, "node 4 does not follow an earlier node"),
        (("tree", 4, "number"), 5, "node 4 has another number"),
        (("tree", 4, "fate"), "lost", "the token, piece or fate of node 4 is not known"),
        (("tree", 4, "piece"), None, "the token, piece or fate of node 4 is not known"),
        (("tree", 4, "score"), "x", "a score of node 4 is not a number"),
        (("tree", 4, "score"), 1e300, "a score of node 4 is not a number"),
        (("tree", 0, "fate"), "live", "won, but not what led to it|nothing in its tree won"),
        (("tree", 0, "candidates"), [[1]], "the candidates of node 0 are not pairs of an id and a number"),
    ],
)
def test_what_is_refused(
    write: Write, stored: tuple[dict[str, Any], Any], place: tuple[Any, ...], value: object, message: str
) -> None:
    """faults.md A16: 37 of 420 such files gave a traceback."""
    document = copy.deepcopy(stored[0])
    here: Any = document
    for part in place[:-1]:
        here = here[part]
    here[place[-1]] = value
    with pytest.raises(TraceError, match=message) as caught:
        Trace.load(write(document))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 700


TEXTS: dict[str, dict[str, Any]] = {"decoder": {"positions": "relative"}, "encoder": {"segments": 2, "classes": 3}}


@pytest.fixture(scope="module", params=TEXTS)
def text_trace(request: pytest.FixtureRequest, trace_decoder: Any, trace_encoder: Any) -> Trace:
    make = {"decoder": trace_decoder, "encoder": trace_encoder}[request.param]
    _, trace = make(**TEXTS[request.param])
    return trace


def refusal(trace: Trace, path: Path, change: Callable[[dict[str, Any], dict[str, torch.Tensor]], Any]) -> str:
    """What is said of the file of a trace that was changed."""
    document, tensors = json.loads(json.dumps(trace.document())), dict(trace)
    change(document, tensors)
    save_file(tensors, path, {"clearhead": json.dumps(document)})
    with pytest.raises(TraceError) as caught:
        Trace.load(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_text_s_trace_that_was_changed_is_refused(text_trace: Trace, tmp_path: Path) -> None:
    path, other = tmp_path / "a", {"decoder-only": "encoder-only", "encoder-only": "decoder-only"}[text_trace.family]
    for change, message in (
        (lambda document, _: document.update(family="encoder-decoder"), "is no trace, or a damaged one"),
        (lambda document, _: document.update(family=other), "is no trace, or a damaged one"),
        (lambda document, _: document.pop("text"), "no 'text'"),
        (lambda document, _: document["text"]["ids"].append(5), "ids and 4 pieces"),
        (lambda document, _: document["text"]["ids"].__setitem__(0, 30), "ids of its text are not a list of ids"),
        (lambda document, _: document["text"]["ids"].__setitem__(0, 29), "embedding.ids are not the sentence's"),
        (lambda document, _: document["config"].update(layers=1000), "more layers than the file has tensors"),
        (lambda _, tensors: tensors.update(mask=torch.ones(3, 4)), "mask is F32"),
    ):
        assert message in refusal(text_trace, path, change)


def test_what_follows_a_text_is_as_long(trace_decoder: Any, tmp_path: Path) -> None:
    _, trace = trace_decoder()

    def shorten(document: dict[str, Any], _: object) -> None:
        document["predicted"]["ids"].pop()
        document["predicted"]["pieces"].pop()

    assert "its text and what follows it differ in length" in refusal(trace, tmp_path / "a", shorten)


@pytest.mark.parametrize("kind", [2.0, -1.0, 0.5])
def test_kinds_that_have_no_segment_are_refused(trace_encoder: Any, tmp_path: Path, kind: float) -> None:
    _, trace = trace_encoder(segments=2)
    kinds = torch.tensor([0.0, kind, 1.0, 1.0])
    told = refusal(trace, tmp_path / "a", lambda _, tensors: tensors.update({"embedding.kinds": kinds}))
    assert "its kinds are not those of its segments" in told


def test_a_size_that_is_left_out_is_the_usual_one(write: Write, stored: tuple[dict[str, Any], Any]) -> None:
    """faults.md A16: drawing the positions of such a trace was a KeyError."""
    document = copy.deepcopy(stored[0])
    assert document["config"].pop("positions") == "sinusoidal"
    assert Trace.load(write(document)).config == stored[0]["config"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda one: one.double(), f"{WEIGHTS} is F64"),
        (lambda one: one.to(torch.int32), f"{WEIGHTS} is I32"),
        (lambda one: one[:1], f"{WEIGHTS} is F32"),
        (lambda one: one * torch.nan, f"{WEIGHTS} has a NaN or an infinity"),
        (lambda one: one - torch.inf, f"{WEIGHTS} has a NaN or an infinity"),
        (lambda one: None, f"no '{WEIGHTS}'"),
    ],
)
def test_tensors_that_are_refused(
    write: Write, stored: tuple[Any, dict[str, Any]], change: Callable[[torch.Tensor], Any], message: str
) -> None:
    """faults.md A16"""
    changed = stored[1] | {WEIGHTS: change(stored[1][WEIGHTS])}
    with pytest.raises(TraceError, match=message):
        Trace.load(write(None, {name: one for name, one in changed.items() if one is not None}))


def test_weights_of_another_model(make_trace: Any, tmp_path: Path) -> None:
    """faults.md A16: `check` with weights that do not fit says so."""
    _, trace = make_trace()
    trace.save(tmp_path / "a")
    read = Trace.load(tmp_path / "a")
    with pytest.raises(TraceError, match="leave weights out"):
        read.save(tmp_path / "b", weights=True)
    other, _ = make_trace(width=32)
    with pytest.raises(
        TraceError, match=r"cannot be computed with these weights .* give those of the trace's own model"
    ):
        read.check(dict(other.named_parameters(remove_duplicate=False)))


class TestMutations:
    def test_some(self, write: Write, stored: tuple[dict[str, Any], Any]) -> None:
        """faults.md A16: documents changed at random, types, deletions, huge numbers; and bytes of the file."""
        mutate(write, stored[0], 40)

    @pytest.mark.slow
    def test_many(self, write: Write, stored: tuple[dict[str, Any], Any]) -> None:
        """faults.md A16"""
        mutate(write, stored[0], 400)


VALUES: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**400, 0.5, -0.0, 1e308, float("nan"), float("inf"), "", "a", "$x^{$",
    "\ud800", "\n", "</script>", "a" * 5_000, [], [[]], [None], {}, {"a": {}}, json.loads("[" * 400 + "]" * 400),
]  # fmt: skip


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document, each kind of list by some of its items."""
    items = value.items() if isinstance(value, dict) else list(enumerate(value))[:12] if isinstance(value, list) else ()
    for key, item in items:
        yield (*place, key)
        yield from places(item, (*place, key))


def mutate(write: Write, whole: dict[str, Any], count: int) -> None:
    random = Random("traces")
    # By what is changed: steps are half of a document, and are alike.
    by_part: dict[str, list[tuple[Any, ...]]] = {}
    for place in places(whole):
        by_part.setdefault(str(place[0]), []).append(place)
    outcomes = {"read": 0, "refused": 0}
    for number in range(count):
        document = copy.deepcopy(whole)
        for _ in range(random.randint(1, 2)):
            *way, last = random.choice(by_part[random.choice(sorted(by_part))])
            here: Any = document
            try:
                for part in way:
                    here = here[part]
                if random.random() < 0.2:
                    del here[last]
                else:
                    here[last] = random.choice(VALUES)
            except (KeyError, IndexError, TypeError):
                continue  # What was changed before holds no such place any more.
        path = write(document)
        if number % 4 == 0:
            content = bytearray(path.read_bytes())
            content[random.randrange(min(len(content), 4_000))] ^= 1 << random.randrange(8)
            path.write_bytes(content)
        outcomes[used(path)] += 1
    assert min(outcomes.values()) > 0


def used(path: Path) -> str:
    """Load a trace and do with it what can be done."""
    try:
        trace = Trace.load(path)
        trace.check()
        as_html(Exhibit(trace)).encode("utf-8", "surrogatepass")
        draw_positions(trace, 2)
        draw_heads(trace, WEIGHTS)
        draw_beam(trace)
    except ClearheadError as error:
        assert "\n" not in str(error)  # noqa: PT017
        assert len(str(error)) < 1_000  # noqa: PT017
        return "refused"
    return "read"


def test_operations_of_format_one(stored: tuple[dict[str, Any], Any]) -> None:
    """Files of version 0.1 hold these operations for one layer of each kind, in the paper's order (figure 1).

    Whoever changes `operations_of` counts FORMAT up and converts older files, or they are refused.
    """
    config = TransformerConfig(source_vocabulary=4, target_vocabulary=4, encoder_layers=1, decoder_layers=1)
    attention = ["heads", "heads", "heads", "scores", "divide", "mask", "softmax", "weigh", "merge", "project"]
    residual, embedding = ["add", "mean", "variance", "normalize"], ["embed", "positions", "add"]
    feed_forward = ["project", "activate", "project"]
    assert [step.operation for step in operations_of(config)] == [
        *embedding, *attention, *residual, *feed_forward, *residual, "same",
        *embedding, *attention, *residual, *attention, *residual, *feed_forward, *residual, "same",
        "project", "softmax",
    ]  # fmt: skip
