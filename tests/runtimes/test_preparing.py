"""What serves a model: C, recorded steps on a GPU, or its own code. A model on the CPU is taken for one on a GPU."""

import dataclasses
from typing import Any

import pytest
import torch

from clearhead.decoding import Engine, LengthLimit, SearchOptions
from clearhead.model import EncoderDecoder, EncoderOnly, EncoderOnlyConfig, TransformerConfig, masks
from clearhead.model.as_built import structure_of
from clearhead.native import library as native
from clearhead.runtimes import preparing
from clearhead.runtimes.compiled import CompiledRuntime
from clearhead.runtimes.cuda import CudaRuntime
from clearhead.runtimes.eager import EagerRuntime
from clearhead.runtimes.preparing import compiled, prepared

GREEDY = SearchOptions(begin=1, end=2, suppressed=(0, 1), beam_size=1)


def tiny() -> EncoderDecoder:
    sizes = {"width": 16, "heads": 2, "inner_width": 32, "encoder_layers": 1, "decoder_layers": 1, "max_length": 16}
    config = TransformerConfig(source_vocabulary=17, target_vocabulary=17, norm_placement="pre", **sizes)  # type: ignore[arg-type]
    return EncoderDecoder(config, seed=29).eval()


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "is_on_gpu", lambda model: True)


@pytest.mark.usefixtures("gpu")
class TestOnAGpu:
    def test_recorded_steps_serve(self) -> None:
        found = prepared(tiny(), "fp32")
        assert isinstance(found.runtime, CudaRuntime)
        assert (found.remark, found.is_costly) == (None, True)

    def test_a_model_that_is_watched_stays_itself(self) -> None:
        model, seen = tiny(), []
        model.decoder.observer = lambda name, tensor: seen.append(name) or tensor  # type: ignore[func-returns-value]
        found = prepared(model, "fp32").runtime
        assert isinstance(found, EagerRuntime)
        assert found.model is model
        Engine(found).translate([[5, 2]], GREEDY, length_limit=LengthLimit(0.0, 3))
        assert set(seen) == {"normalized"}

    @pytest.mark.parametrize("changes", [{"positions": "alibi"}, {"query_key_norm": True}])
    def test_what_recorded_steps_do_not_know_is_served_as_it_is(self, changes: dict[str, Any]) -> None:
        model = EncoderDecoder(dataclasses.replace(tiny().config, **changes), seed=29).eval()
        found = prepared(model, "fp32").runtime
        assert isinstance(found, EagerRuntime)
        assert found.model is model

    def test_an_encoder_alone_reads_by_itself(self, caplog: pytest.LogCaptureFixture) -> None:
        """There are no steps to be recorded, so nothing is slower than it could be. In bfloat16 a copy reads."""
        model = EncoderOnly(EncoderOnlyConfig(vocabulary=17, layers=1, width=16, heads=2, inner_width=16)).eval()
        kinds = {}
        for precision in ("fp32", "bf16"):
            found = prepared(model, precision).runtime
            assert isinstance(found, EagerRuntime)
            assert (found.model is model) == (precision == "fp32")
            kinds[precision] = next(found.model.parameters()).dtype
        assert kinds == {"fp32": torch.float32, "bf16": torch.bfloat16}
        assert caplog.text == ""

    def test_precisions(self, caplog: pytest.LogCaptureFixture) -> None:
        kinds = {}
        for precision in ("fp32", "bf16", "int8"):
            device = prepared(tiny(), precision).runtime
            assert isinstance(device, CudaRuntime)
            kinds[precision] = next(device.model.parameters()).dtype
        assert kinds == {"fp32": torch.float32, "bf16": torch.bfloat16, "int8": torch.bfloat16}
        assert caplog.text.count("int8 is for CPUs; bf16 is used") == 1


def test_on_a_cpu_c_serves_or_the_model_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny()
    kind = EagerRuntime if native.library() is None else CompiledRuntime
    for precision in ("fp32", "bf16", "int8"):
        assert isinstance(prepared(model, precision).runtime, kind)
    monkeypatch.setattr(native, "library", lambda: None)
    found = prepared(model, "fp32").runtime
    assert isinstance(found, EagerRuntime)
    assert found.model is model


def test_c_is_not_for_a_model_elsewhere() -> None:
    assert compiled(tiny().to("meta"), "fp32") is None


@pytest.mark.parametrize("kind", [torch.float64, torch.bfloat16])
def test_weights_in_other_numbers_are_served_as_they_are(kind: torch.dtype) -> None:
    model = tiny().to(kind)
    found = prepared(model, "fp32")
    assert isinstance(found.runtime, EagerRuntime)
    assert found.runtime.model is model
    remark = prepared(model, "int8").remark
    assert remark is not None
    assert f"weights in {kind}".replace("torch.", "") in remark


@pytest.mark.skipif(native.library() is None, reason="there is no C that could pass over it")
def test_a_parameter_that_c_does_not_know_is_served_by_pytorch(caplog: pytest.LogCaptureFixture) -> None:
    model = tiny()
    model.encoder.layers[0].register_parameter("temperature", torch.nn.Parameter(torch.ones(2)))
    model.as_built = structure_of(model)  # As if the class itself had it.
    assert isinstance(prepared(model, "fp32").runtime, EagerRuntime)
    assert "do not know encoder.layers.0.temperature, so PyTorch translates" in caplog.text


def test_an_edited_model_that_contradicts_itself_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window of three positions in the mask: what decodes with a cache makes no mask, and would see them all."""
    model, causal_mask = tiny(), masks.causal_mask
    assert prepared(model, "fp32", is_edited=True).remark is None
    monkeypatch.setattr(masks, "causal_mask", lambda *given: causal_mask(*given).triu(-2))
    monkeypatch.setattr(preparing, "departure", lambda model: None)  # As if the file itself had been edited.
    found = prepared(model, "fp32", is_edited=True)
    assert isinstance(found.runtime, EagerRuntime)
    assert found.remark is not None
    assert "token by token, as it translates, PyTorch computes logits that differ" in found.remark
