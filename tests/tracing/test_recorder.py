"""What is recorded is what the model computes, and the model does not notice."""

import itertools
import threading
from typing import Any

import pytest
import torch

from clearhead.errors import TraceError
from clearhead.model import PRESETS, EncoderDecoder, Observed
from clearhead.tracing import operations_of, record
from clearhead.tracing.recorder import watched

SOURCE, TARGET = (5, 6, 7, 2), (1, 8, 9)
CHOICES = list(
    itertools.product(
        ("sinusoidal", "sinusoidal-concatenated", "sinusoidal-halves", "learned", "rotary"), ("post", "pre")
    )
)


@pytest.mark.parametrize(("positions", "placement"), CHOICES)
def test_logits_are_those_of_the_fast_path(make_trace: Any, positions: str, placement: str) -> None:
    model, trace = make_trace(positions=positions, norm_placement=placement)
    logits = model(torch.tensor([SOURCE]), torch.tensor([TARGET]))[0]
    torch.testing.assert_close(trace["output.logits"], logits, atol=1e-5, rtol=0)
    torch.testing.assert_close(trace["output.probabilities"], logits.softmax(-1), atol=1e-6, rtol=0)


def test_cached_steps_see_the_same_rows(make_trace: Any) -> None:
    """Row t is time step t: translating token by token comes to the same logits."""
    model, trace = make_trace()
    source = torch.tensor([SOURCE])
    mask = torch.ones(1, 1, 1, len(SOURCE), dtype=torch.bool)
    cache = model.begin(model.encode(source, mask), mask)
    for row, token in enumerate(TARGET):
        logits = model.step(torch.tensor([[token]]), cache)[0, 0]
        torch.testing.assert_close(trace["output.logits"][row], logits, atol=1e-5, rtol=0)


def test_shapes(make_trace: Any) -> None:
    _, trace = make_trace()
    attention = "decoder.layers.1.cross_attention"
    assert trace["source_embedding.sum"].shape == (4, 16)
    assert trace[f"{attention}.query"].shape == (4, 3, 4)
    assert trace[f"{attention}.weights"].shape == (4, 3, 4)
    assert trace[f"{attention}.key"].shape == (4, 4, 4)
    assert trace["decoder.layers.1.self_attention_residual.mean"].shape == (3, 1)
    assert trace["output.logits"].shape == (3, 30)
    assert trace["target_embedding.ids"].tolist() == [1, 8, 9]


def test_what_the_mask_hides_has_no_weight(make_trace: Any) -> None:
    _, trace = make_trace()
    weights = trace["decoder.layers.0.self_attention.weights"]
    assert weights.triu(1).abs().max() == 0
    torch.testing.assert_close(weights.sum(-1), torch.ones(4, 3))
    assert trace["decoder.layers.0.self_attention.masked"].isneginf().sum() == 4 * 3


def test_the_model_is_left_alone(make_trace: Any) -> None:
    model, _ = make_trace()
    model.train()
    record(model, SOURCE, TARGET)
    assert model.training
    assert all(module.observer is None for module in model.modules() if isinstance(module, Observed))


def test_the_copy_shares_the_weights(make_trace: Any) -> None:
    model, _ = make_trace()
    twin = watched(model, {})
    assert [one.data_ptr() for one in twin.parameters()] == [one.data_ptr() for one in model.parameters()]
    assert all(one is other for one, other in zip(twin.buffers(), model.buffers(), strict=True))


def test_two_at_once(make_trace: Any) -> None:
    """A page traces while another one does."""
    model, trace = make_trace()
    found: list[dict[str, torch.Tensor]] = []
    threads = [threading.Thread(target=lambda: found.append(record(model, SOURCE, TARGET))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(torch.equal(one[name], trace[name]) for one in found for name in trace)


@pytest.mark.parametrize("preset", [name for name in PRESETS if name != "paper_big"])
def test_every_preset_has_a_tensor_for_each_operation(preset: str) -> None:
    config = PRESETS[preset](40, 40)
    tensors = record(EncoderDecoder(config), SOURCE, TARGET)
    assert {one.name for one in operations_of(config)} <= tensors.keys()


def test_what_an_observer_of_the_model_returns_is_recorded(make_trace: Any) -> None:
    """A head that somebody silenced translates silently: the trace showed it at work, and its logits were others."""
    model, trace = make_trace()
    name, heard = "decoder.layers.1.cross_attention", []

    class Silence:
        def __call__(self, name: str, tensor: torch.Tensor) -> torch.Tensor:
            heard.append(self)
            return tensor * torch.tensor([0.0, 1.0, 1.0, 1.0])[:, None, None] if name == "context" else tensor

    silence = model.get_submodule(name).observer = Silence()
    found = record(model, SOURCE, TARGET)
    assert not found[f"{name}.context"][0].any()
    assert torch.equal(found[f"{name}.context"][1:], trace[f"{name}.context"][1:])
    logits = model(torch.tensor([SOURCE]), torch.tensor([TARGET]))[0]
    torch.testing.assert_close(found["output.logits"], logits, atol=1e-5, rtol=0)
    assert not torch.allclose(found["output.logits"], trace["output.logits"], atol=1e-3)
    assert model.get_submodule(name).observer is silence
    assert set(heard) == {silence}


@pytest.mark.parametrize("layer", ["encoder.layers.1", "decoder.layers.1"])
def test_a_model_without_one_of_its_parts_is_refused_in_one_line(make_trace: Any, layer: str) -> None:
    model, _ = make_trace()
    model.get_submodule(layer.rpartition(".")[0]).pop(1)
    with pytest.raises(TraceError, match=f"the model does not show {layer}") as refused:
        record(model, SOURCE, TARGET)
    assert "\n" not in str(refused.value)


def test_a_part_that_shows_nothing_is_named(make_trace: Any) -> None:
    model, _ = make_trace()
    model.encoder.layers[0].feed_forward = torch.nn.Identity()
    with pytest.raises(TraceError, match=r"does not show encoder\.layers\.0\.feed_forward\.inner.* with `see`"):
        record(model, SOURCE, TARGET)


def test_one_network_under_both_masks(trace_decoder: Any) -> None:
    """GPT's mask, or none: the first place then sees the last one, and its row of weights has no zeros."""
    model, causal = trace_decoder()
    everything = torch.ones(1, 1, len(SOURCE), len(SOURCE), dtype=torch.bool)
    both = record(model, SOURCE, mask=everything)
    name = "decoder.layers.0.self_attention.weights"
    assert (both[name] > 0).all()
    assert (causal[name].triu(1) == 0).all()
    expected = model.output(model.hidden_states(torch.tensor([SOURCE]), everything))[0]
    torch.testing.assert_close(both["output.logits"], expected, atol=1e-5, rtol=0)


def test_kinds_are_recorded(trace_encoder: Any) -> None:
    model, trace = trace_encoder(segments=2)
    assert trace["embedding.kinds"].tolist() == [0, 0, 1, 1]
    assert torch.equal(trace["embedding.segments"][2], model.embedding.segments.weight[1])
    assert record(model, SOURCE)["embedding.kinds"].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("rows", ["decoder", "encoder"])
def test_a_mask_that_no_trace_has_is_refused_in_one_line(trace_decoder: Any, trace_encoder: Any, rows: str) -> None:
    """A file of it could not be read."""
    model, _ = trace_decoder() if rows == "decoder" else trace_encoder()
    mask = torch.ones(1, 1, 1 if rows == "decoder" else 4, 4, dtype=torch.bool)
    with pytest.raises(TraceError, match=r"mask has shape \([14], 4\) in this run, but \([14], 4\) in such") as refused:
        record(model, SOURCE, mask=mask)
    assert "\n" not in str(refused.value)
