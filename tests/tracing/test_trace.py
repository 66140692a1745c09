"""The immutable result: looked up, checked, saved, loaded."""

import dataclasses
import itertools
import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jaxtyping
import pytest
import torch
from safetensors.torch import save_file

from clearhead.errors import TraceError
from clearhead.model import CAUSAL_PRESETS, MASKED_PRESETS, PRESETS
from clearhead.tracing import Trace
from clearhead.tracing.operations import DESCRIPTIONS
from clearhead.tracing.recorder import watched

CHOICES = list(
    itertools.product(
        ("sinusoidal", "sinusoidal-concatenated", "sinusoidal-halves", "learned", "rotary"),
        ("post", "pre"), ("layer", "rms"), ("relu", "gelu", "gelu-tanh", "swiglu"),
    )
)  # fmt: skip
WEIGHTS = "encoder.layers.0.self_attention.weights"


@pytest.mark.parametrize(("positions", "placement", "norm", "activation"), CHOICES)
def test_every_step_agrees(make_trace: Any, positions: str, placement: str, norm: str, activation: str) -> None:
    _, trace = make_trace(positions=positions, norm_placement=placement, norm=norm, activation=activation)
    findings = trace.check()
    assert [one.operation for one in findings] == list(trace.operations)
    assert [one for one in findings if not one.agrees] == []


# Blocks of relatives of the paper's model: T5, BLOOM, Llama, Qwen3, BART.
RELATIVES: dict[str, dict[str, Any]] = {
    "t5": {"positions": "relative", "relative_buckets": 4, "relative_distance": 3, "scale": 1.0, "norm": "rms"},
    "bloom": {"positions": "alibi", "embedding_norm": True, "activation": "gelu-tanh"},
    "llama": {"positions": "rotary-halves", "rotary_base": 50.0, "norm": "rms", "activation": "swiglu", "bias": False},
    "qwen": {"positions": "rotary", "query_key_norm": True, "norm": "rms", "kv_heads": 2, "norm_placement": "pre"},
    "bart": {"positions": "learned", "embedding_norm": True, "scale_embeddings": False, "activation": "gelu"},
    "other": {"positions": "alibi", "query_key_norm": True, "activation": "relu2", "heads": 2},
}


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("choices", RELATIVES.values(), ids=RELATIVES)
def test_every_relative_agrees_kept_in_a_file_too(
    make_trace: Any, trace_model: Any, choices: dict[str, Any], kind: torch.dtype, tmp_path: Path
) -> None:
    model, _ = make_trace(**choices)
    trace = trace_model(model.to(kind))
    assert [one for one in trace.check() if not one.agrees] == []
    trace.save(tmp_path / "trace.safetensors", weights=True)
    kept = Trace.load(tmp_path / "trace.safetensors")
    assert list(kept) == list(trace)
    assert all(one.agrees for one in kept.check())


@pytest.mark.parametrize(
    "preset", [pytest.param(name, marks=[pytest.mark.slow] if name == "paper_big" else []) for name in PRESETS]
)
def test_every_preset_agrees(trace_config: Any, preset: str) -> None:
    _, trace = trace_config(PRESETS[preset](40, 40))
    assert all(one.agrees for one in trace.check())


BLOCKS: list[dict[str, Any]] = [
    {}, {"positions": "learned"}, {"positions": "rotary", "norm": "rms", "activation": "swiglu", "bias": False},
    {"norm_placement": "pre", "activation": "gelu-tanh", "kv_heads": 2}, {"positions": "sinusoidal-concatenated"},
    {"scale_embeddings": False, "embedding_norm": True}, {"embedding_norm": True, "norm": "rms", "positions": "rotary"},
    {"scale": 0.5, "eps": 1e-12}, {"head_width": 6}, {"activation": "relu2", "positions": "alibi"},
    {"positions": "rotary-halves", "rotary_base": 500.0, "kv_heads": 1},
    {"positions": "rotary-halves", "rotary_scaling": "linear", "rotary_factor": 8.0},
    {
        "positions": "rotary", "rotary_base": 50.0, "rotary_scaling": "llama3", "rotary_factor": 4.0,
        "rotary_trained_length": 30,
    },
    {"positions": "relative", "kv_heads": 2},
    {"query_key_norm": True, "positions": "rotary"}, {"query_key_norm": True, "norm": "rms", "head_width": 6},
    {"positions": "relative", "relative_buckets": 8, "relative_distance": 6, "norm_placement": "pre"},
    {"positions": "alibi", "heads": 2}, {"positions": "relative", "heads": 2},
]  # fmt: skip
HEADS: list[dict[str, Any]] = [
    {}, {"masked_head": "plain"}, {"masked_head": "none"}, {"masked_head": "plain", "bias": False},
    {"masked_head": "transform", "share_embeddings": False, "activation": "geglu", "norm": "rms"}, {"pooler": True},
    {"segments": 2}, {"segments": 2, "positions": "rotary", "pooler": True, "classes": 3}, {"classes": 2},
    {"classes": 3, "pooling": "mean"}, {"pooler": True, "pooling": "mean", "masked_head": "none"},
]  # fmt: skip


@pytest.mark.parametrize("choices", BLOCKS)
def test_every_operation_of_a_decoder_only_agrees(trace_decoder: Any, choices: dict[str, Any]) -> None:
    model, trace = trace_decoder(**choices)
    findings = trace.check()
    assert [one.operation for one in findings] == list(trace.operations)
    assert [one for one in findings if not one.agrees] == []
    torch.testing.assert_close(trace["output.logits"], model(torch.tensor([trace.text.ids]))[0], rtol=0, atol=1e-5)
    assert trace["decoder.layers.1.self_attention.weights"].triu(1).abs().max() == 0


@pytest.mark.parametrize("choices", [*BLOCKS, *HEADS])
def test_every_operation_of_an_encoder_only_agrees(trace_encoder: Any, choices: dict[str, Any]) -> None:
    model, trace = trace_encoder(**choices)
    findings = trace.check()
    assert [one.operation for one in findings] == list(trace.operations)
    assert [one for one in findings if not one.agrees] == []
    kinds = torch.tensor([[0, 0, 1, 1]]) if "segments" in choices else None
    found = model(torch.tensor([trace.text.ids]), None, kinds)
    pooled = {"first": "pooler.first", "mean": "pooler.mean"}[choices.get("pooling", "first")]
    names = ("output.logits", "pooler.pooled" if "pooler" in choices else pooled, "classifier.logits")
    for name, one in zip(names, found, strict=True):
        assert (name in trace) == (one is not None)
        if one is not None:
            torch.testing.assert_close(trace[name].view_as(one), one, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", [*CAUSAL_PRESETS, *MASKED_PRESETS])
def test_every_preset_of_the_other_families_agrees(name: str, trace_decoder: Any, trace_encoder: Any) -> None:
    """Their blocks, in small."""
    preset = {**CAUSAL_PRESETS, **MASKED_PRESETS}[name](30)
    small = {"width": 24, "heads": 4, "kv_heads": None, "inner_width": 32, "layers": 2, "max_length": 20}
    choices = {**{one.name: getattr(preset, one.name) for one in dataclasses.fields(preset)}, **small}
    _, trace = (trace_decoder if name in CAUSAL_PRESETS else trace_encoder)(**choices)
    assert [one for one in trace.check() if not one.agrees] == []


def test_one_changed_number_is_found(make_trace: Any) -> None:
    """In what was computed from it too, but nowhere else."""
    _, trace = make_trace()
    tensors = {name: trace[name] for name in trace}
    tensors[WEIGHTS][2, 1, 3] += 1e-3
    changed = Trace(
        tensors, trace.operations, source=trace.source, target=trace.target, predicted=trace.predicted, config={},
        parameters=trace.parameters,
    )  # fmt: skip
    wrong = {one.operation.name: one.place for one in changed.check() if not one.agrees}
    assert wrong[WEIGHTS] == (2, 1, 3)
    assert wrong.keys() == {WEIGHTS, "encoder.layers.0.self_attention.context"}


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16])
def test_a_model_that_rounds_more_agrees(make_trace: Any, trace_model: Any, kind: torch.dtype, tmp_path: Path) -> None:
    """Of every kind: PyTorch rounds each result to 8 bits or to 11, of which 1e-5 knows nothing."""
    for positions, placement, norm, activation in CHOICES[::5]:
        model, _ = make_trace(positions=positions, norm_placement=placement, norm=norm, activation=activation)
        trace = trace_model(model.to(kind))
        assert [one for one in trace.check() if not one.agrees] == [], (positions, placement, norm, activation)
    assert any(one.error > 1e-4 for one in trace.check())
    trace.save(tmp_path / "trace.safetensors", weights=True)
    assert all(one.agrees for one in Trace.load(tmp_path / "trace.safetensors").check())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_text_s_model_that_rounds_more_agrees(trace_decoder: Any, trace_encoder: Any, dtype: torch.dtype) -> None:
    made = [trace_decoder(dtype, **one) for one in BLOCKS] + [trace_encoder(dtype, **one) for one in HEADS]
    for _, trace in made:
        assert [one for one in trace.check() if not one.agrees] == []
    assert any(one.error > 1e-4 for _, trace in made for one in trace.check())


def test_the_tolerance_is_the_unit_roundoff_of_each_rounding(make_trace: Any, trace_model: Any) -> None:
    """u is 2^-8 in bfloat16 (8 bits): one rounding of scores, two of a linear layer, five of rotary heads."""
    model, exact = make_trace(positions="rotary")
    assert {one.tolerance for one in exact.check()} == {1e-5}
    found = {one.operation.name: one.tolerance for one in trace_model(model.bfloat16()).check()}
    path = "encoder.layers.0.self_attention"
    for name, roundings in (("scores", 1), ("output", 2), ("value", 2), ("query", 5)):
        assert found[f"{path}.{name}"] == pytest.approx(1e-5 + (257 / 256) ** roundings - 1, rel=1e-12)


def test_a_changed_number_is_found_in_bfloat16_too(make_trace: Any, trace_model: Any) -> None:
    """A weight that is changed by an eighth: in the operation that reads it, and nowhere else."""
    model, _ = make_trace()
    trace = trace_model(model.bfloat16())
    name = "encoder.layers.1.feed_forward.inner.weight"
    changed = {**trace.parameters, name: trace.parameters[name] * 1.125}
    assert [one.operation.name for one in trace.check(changed) if not one.agrees] == [name.removesuffix(".weight")]


HIDDEN = ("mean", "variance", "mean_square")


@pytest.mark.parametrize("norm", ["layer", "rms"])
def test_what_the_model_does_not_show_is_said(make_trace: Any, norm: str) -> None:
    """The recorder fills in means and variances by the recomputation that then checks them."""
    _, trace = make_trace(norm=norm)
    for one in trace.check():
        assert one.independent == (one.operation.name != "output.probabilities")
        assert one.operation.is_shown == (one.operation.operation not in HIDDEN and one.independent)


def test_everything_else_is_shown(make_trace: Any) -> None:
    model, trace = make_trace()
    seen: dict[str, torch.Tensor] = {}
    watched(model, seen)(torch.tensor([trace.source.ids]), torch.tensor([trace.target.ids]))
    assert {one.name for one in trace.operations if one.is_shown} <= seen.keys()


@pytest.mark.parametrize("operation", HIDDEN)
def test_a_wrong_formula_is_found_by_the_operation_that_reads_it(
    make_trace: Any, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """faults.md E: a mean that is a hundredth too large fits itself; the model's own normalisation does not fit it."""

    norm = "rms" if operation == "mean_square" else "layer"
    right = DESCRIPTIONS[operation]
    monkeypatch.setitem(DESCRIPTIONS, operation, dataclasses.replace(right, value=right.value * 1.01 + 0.01))
    _, trace = make_trace(norm=norm)
    findings = [one for one in trace.check() if one.operation.operation == operation]
    assert findings
    assert all(not one.agrees and one.of.operation.startswith("normalize") for one in findings)


def test_names_in_reading_order(make_trace: Any) -> None:
    _, trace = make_trace()
    names = list(trace)
    assert names[4:] == [one.name for one in trace.operations]
    assert len(trace) == len(names)
    assert trace.operation(WEIGHTS).inputs == ("encoder.layers.0.self_attention.masked",)


def test_a_wrong_name_has_a_hint(make_trace: Any) -> None:
    _, trace = make_trace()
    with pytest.raises(TraceError, match=r"no 'encoder.layer.0.self_attention.weights'; did you mean encoder.layers.0"):
        trace["encoder.layer.0.self_attention.weights"]
    with pytest.raises(TraceError, match="names them all"):
        trace["?"]


def test_it_is_a_mapping(make_trace: Any) -> None:
    _, trace = make_trace()
    assert isinstance(trace, Mapping)
    assert WEIGHTS in trace
    assert "?" not in trace
    assert 3 not in trace
    assert trace.get("?") is None
    with pytest.raises(KeyError):
        trace["?"]
    assert dict(trace).keys() == trace.keys()
    assert all(torch.equal(trace[name], tensor) for name, tensor in trace.items())
    _, other = make_trace()
    assert (trace == trace, trace == other) == (True, False)
    assert len({trace, other}) == 2


def test_what_is_missing_is_said_in_a_line_with_the_nearest_names(make_trace: Any) -> None:
    """A KeyError would put its message in quotes."""
    _, trace = make_trace()
    with pytest.raises(TraceError) as raised:
        trace["encoder.layers.0.self_attention.weight"]
    said = str(raised.value)
    assert said.startswith("the trace has no 'encoder.layers.0.self_attention.weight'; did you mean ")
    assert WEIGHTS in said
    assert " or " in said
    assert "\n" not in said


def test_its_repr_says_what_it_is(make_trace: Any) -> None:
    """Four bytes each number, as NumPy counts them."""
    _, trace = make_trace()
    count = sum(tensor.numel() for tensor in trace.values())
    assert trace.nbytes == 4 * count
    expected = f"<Trace of width=16: 'five six seven' → 'eight nine', {len(trace)} tensors, {4 * count / 1e6:.1f} MB>"
    assert repr(trace) == expected
    side = dataclasses.replace(trace.source, text="a\nb" * 40)
    settings = {"model": "small"}
    long = Trace({}, (), source=side, target=side, predicted=side, config={}, settings=settings)
    assert repr(long).startswith("<Trace of small: 'a<0x0A>ba<0x0A>b")
    assert len(repr(long)) < 140


def test_a_text_s_trace_says_what_it_is(trace_decoder: Any, trace_encoder: Any) -> None:
    for make, family, names in (
        (trace_decoder, "decoder-only", ("text", "predicted")), (trace_encoder, "encoder-only", ("text",)),
    ):  # fmt: skip
        _, trace = make()
        size = f"{len(trace)} tensors, {trace.nbytes / 1e6:.1f} MB"
        assert repr(trace) == f"<Trace of width=16 ({family}): 'five six seven', {size}>"
        assert (trace.family, tuple(trace.sequences)) == (family, names)
        assert trace.text.pieces == ("five", "six", "seven", "⟨end⟩")
        document = trace.document()
        assert (document["family"], document["text"]["text"]) == (family, "five six seven")
        with pytest.raises(TraceError, match=f"a trace of the family {family} has no source; it has text"):
            _ = trace.source
        stack = family.removesuffix("-only")
        assert torch.equal(trace.attention(stack, 1), trace[f"{stack}.layers.1.self_attention.weights"])


def test_sequences_that_are_not_the_family_s_are_refused(make_trace: Any) -> None:
    _, trace = make_trace()
    for family, names in (("decoder-only", ("text",)), ("causal", ("text", "predicted")), ("encoder-decoder", ())):
        with pytest.raises(TraceError, match=r"has sequences \[.*; decoder-only has text, predicted; ") as refused:
            Trace({}, (), family=family, config={}, **dict.fromkeys(names, trace.source))
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize("weights", [True, False])
def test_a_text_s_trace_saved_and_loaded(trace_decoder: Any, trace_encoder: Any, tmp_path: Path, weights: bool) -> None:
    for _, trace in (trace_decoder(), trace_encoder(segments=2, pooler=True, classes=3)):
        trace.save(tmp_path / "trace.safetensors", weights=weights)
        again = Trace.load(tmp_path / "trace.safetensors")
        assert all(torch.equal(again[name], trace[name]) for name in trace)
        assert list(again) == list(trace)
        assert (again.operations, again.family, again.config) == (trace.operations, trace.family, trace.config)
        assert again.sequences == trace.sequences
        assert not weights or all(one.agrees for one in again.check())


def test_attention_by_its_place(make_trace: Any) -> None:
    _, trace = make_trace()
    assert torch.equal(trace.attention("encoder"), trace[WEIGHTS])
    cross = trace.attention("decoder", layer=1, kind="cross")
    assert torch.equal(cross, trace["decoder.layers.1.cross_attention.weights"])
    assert cross.numpy().shape == (4, 3, 4)
    with pytest.raises(KeyError) as raised:
        trace.attention("encoder", layer=2)
    assert str(raised.value) == (
        "the trace has no self attention in 'encoder', layer=2; it has encoder.layers.0.self, encoder.layers.1.self, "
        "decoder.layers.0.self, decoder.layers.0.cross, decoder.layers.1.self, decoder.layers.1.cross "
        "(layers count from 0)"
    )


def test_as_arrays(make_trace: Any) -> None:
    _, trace = make_trace()
    arrays = trace.numpy()
    assert arrays.keys() == trace.keys()
    arrays[WEIGHTS][:] = 0
    assert trace[WEIGHTS].sum() > 0
    assert {one.dtype.name for one in arrays.values()} == {"float32"}


def test_the_names_of_version_0_1(make_trace: Any) -> None:
    _, trace = make_trace()
    with pytest.warns(DeprecationWarning, match=r"trace.steps\(\) is now trace.operations"):
        assert trace.steps() == trace.operations
    with pytest.warns(DeprecationWarning, match="operation"):
        assert trace.step(WEIGHTS) == trace.operation(WEIGHTS)
    with pytest.warns(DeprecationWarning, match="nbytes"):
        assert trace.size == trace.nbytes


def test_nothing_in_it_changes(make_trace: Any) -> None:
    _, trace = make_trace()
    trace[WEIGHTS].zero_()
    assert trace[WEIGHTS].sum() > 0
    with pytest.raises(TypeError):
        trace.config["width"] = 3


@pytest.mark.parametrize("weights", [True, False])
def test_saved_and_loaded(make_trace: Any, tmp_path: Path, weights: bool) -> None:
    model, trace = make_trace(positions="learned")
    trace.save(tmp_path / "trace.safetensors", weights=weights)
    again = Trace.load(tmp_path / "trace.safetensors")
    assert list(again) == list(trace)
    assert all(torch.equal(again[name], trace[name]) for name in trace)
    assert again.operations == trace.operations
    assert (again.source, again.target, again.predicted) == (trace.source, trace.target, trace.predicted)
    assert again.config == trace.config
    if weights:
        assert all(one.agrees for one in again.check())
    else:
        with pytest.raises(TraceError, match="without its model's weights"):
            again.check()
        assert all(one.agrees for one in again.check(dict(model.named_parameters(remove_duplicate=False))))
        assert all(one.agrees for one in again.check(model))


def test_what_holds_no_weights_is_refused(make_trace: Any) -> None:
    _, trace = make_trace()
    jaxtyping.config.update("jaxtyping_disable", True)  # Users have no checks of types.
    try:
        with pytest.raises(TraceError, match="neither a model nor its weights; give bundle"):
            trace.check("weights")
    finally:
        jaxtyping.config.update("jaxtyping_disable", False)


def test_a_browser_can_read_it(make_trace: Any, tmp_path: Path) -> None:
    """DESIGN, "A trace": 8 bytes of length, a JSON header, raw little-endian float32."""
    _, trace = make_trace()
    trace.save(tmp_path / "trace.safetensors")
    raw = (tmp_path / "trace.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    place = header[WEIGHTS]
    assert place["dtype"] == "F32"
    begin, end = (8 + length + offset for offset in place["data_offsets"])
    values = torch.frombuffer(bytearray(raw[begin:end]), dtype=torch.float32).view(place["shape"])
    assert torch.equal(values, trace[WEIGHTS])
    document = json.loads(header["__metadata__"]["clearhead"])
    assert document["source"]["pieces"] == ["five", "six", "seven", "⟨end⟩"]
    assert document["shapes"][WEIGHTS] == [4, 4, 4]


def test_other_files_are_refused(make_trace: Any, tmp_path: Path) -> None:
    path = tmp_path / "trace.safetensors"
    with pytest.raises(TraceError, match="cannot be read"):
        Trace.load(path)
    for content in (b"", b"{}", bytes(100)):
        path.write_bytes(content)
        with pytest.raises(TraceError, match="is no trace"):
            Trace.load(path)
    save_file({"weights": torch.zeros(3)}, path)
    with pytest.raises(TraceError, match="is no trace"):
        Trace.load(path)
    _, trace = make_trace()
    save_file({name: trace[name] for name in trace}, path, {"clearhead": json.dumps({**trace.document(), "format": 3})})
    with pytest.raises(TraceError, match="has format 3, but this clearhead reads 1 to 2"):
        Trace.load(path)
