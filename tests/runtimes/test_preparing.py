"""What serves a model: C, recorded steps on a GPU, or its own code. A model on the CPU is taken for one on a GPU."""

import pytest
import torch

from clearhead.decoding import Engine, LengthLimit, SearchOptions
from clearhead.model import EncoderDecoder, TransformerConfig
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
