"""Weights that are no numbers: one plain error, whoever computes and in whatever precision, and never a text."""

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import cast

import pytest
import torch

from clearhead.decoding import Engine, Precision
from clearhead.decoding.options import Sampling, SearchOptions
from clearhead.errors import DecodingError
from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.native import library as native
from clearhead.runtimes.cuda import CudaRuntime
from clearhead.runtimes.eager import EagerRuntime
from clearhead.runtimes.preparing import compiled
from clearhead.runtimes.runtime import Runtime
from clearhead.runtimes.weights import require_finite

OPTIONS = SearchOptions(begin=1, end=2, suppressed=(0, 1), beam_size=2)
ACTIVATIONS = ("relu", "gelu", "gelu-tanh", "silu", "reglu", "geglu", "geglu-tanh", "swiglu")
KINDS = (
    "source_embedding.matrix.weight",
    "encoder.layers.0.self_attention.query.weight",
    "encoder.layers.0.self_attention_residual.normalization.weight",
    "encoder.layers.0.feed_forward.inner.bias",
    "decoder.layers.0.cross_attention.value.weight",
    "decoder.layers.0.feed_forward.outer.weight",
    "output.matrix.weight",
)
Precisions = tuple[Precision, ...]
PRECISIONS: Precisions = ("fp32", "bf16", "int8")


def model_of(activation: str = "relu") -> EncoderDecoder:
    config = TransformerConfig(
        source_vocabulary=13,
        target_vocabulary=13,
        width=16,
        heads=2,
        inner_width=24,
        encoder_layers=1,
        decoder_layers=1,
        max_length=12,
        share_embeddings="none",
        activation=activation,  # type: ignore[arg-type]
    )
    return EncoderDecoder(config, seed=5).eval()


def ways(model: EncoderDecoder) -> dict[str, Callable[[SearchOptions], object]]:
    """Everybody who translates: PyTorch, what is prepared for a GPU, and C in three precisions."""
    makers: dict[str, Callable[[], Runtime | None]] = {
        "plain": lambda: EagerRuntime(model),
        "device": lambda: CudaRuntime(model),
    }
    for precision in PRECISIONS if native.library() is not None else cast(Precisions, ()):
        makers[precision] = functools.partial(compiled, model, precision)

    def translate(make: Callable[[], Runtime | None], options: SearchOptions) -> object:
        runtime = make()
        assert runtime is not None
        return Engine(runtime).translate([[3, 4, 2]], options)

    return {name: functools.partial(translate, make) for name, make in makers.items()}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_weight_that_is_no_number_is_named(value: float) -> None:
    """faults.md A5: also where the sentence does not ask for it, as the last row of an embedding."""
    for name, activation in zip(KINDS, ACTIVATIONS, strict=False):
        model = model_of(activation)
        with torch.no_grad():
            model.get_parameter(name).view(-1)[-1] = value
        sampled = dataclasses.replace(OPTIONS, sampling=Sampling())
        for way, translate in ways(model).items():
            for options in (OPTIONS, dataclasses.replace(OPTIONS, beam_size=1), sampled):
                with pytest.raises(DecodingError, match="damaged; load another bundle") as raised:
                    translate(options)
                assert name in str(raised.value), way


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("factor", [1e20, 3e38])
def test_sums_that_are_too_large_are_not_hidden(activation: str, factor: float) -> None:
    """faults.md A5: where finite weights make infinite sums, C gives words only where PyTorch does."""
    refused = 0
    for name in KINDS:
        model = model_of(activation)
        with torch.no_grad():
            model.get_parameter(name).mul_(factor).clamp_(-3e38, 3e38)
        answers = {}
        for way, translate in ways(model).items():
            try:
                translate(OPTIONS)
                answers[way] = "words"
            except DecodingError:
                answers[way] = "refused"
        if answers["plain"] == "refused":
            assert set(answers.values()) == {"refused"}, (name, answers)
            refused += 1
    assert refused or factor < 1e30


def test_whole_numbers_and_nothing_are_no_damage() -> None:
    module = torch.nn.Module()
    module.register_buffer("whole", torch.tensor([1, 2]))
    module.register_buffer("none", torch.zeros(0))
    module.register_buffer("large", torch.tensor([3e38, -3e38]))
    require_finite(module)
