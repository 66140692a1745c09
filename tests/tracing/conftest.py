"""Small models of every kind, and a trace of each."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from clearhead.model import DecoderOnlyConfig, EncoderDecoder, EncoderOnlyConfig, TransformerConfig
from clearhead.model.families import built
from clearhead.tracing import Side, Trace, operations_of, record

SOURCE, TARGET = (5, 6, 7, 2), (1, 8, 9)
Traced = Callable[..., tuple[EncoderDecoder, Trace]]


@pytest.fixture(scope="session")
def make_trace() -> Traced:
    """`make_trace(positions="rotary", …)`: an untrained model with these choices, and the trace of one pass."""

    def make(**choices: Any) -> tuple[EncoderDecoder, Trace]:
        sizes = {"width": 16, "heads": 4, "inner_width": 24, "encoder_layers": 2, "decoder_layers": 2, "max_length": 20}
        vocabularies = {"source_vocabulary": 30, "target_vocabulary": 30}
        return _traced(TransformerConfig(**{**vocabularies, **sizes, **choices}))

    return make


@pytest.fixture(scope="session")
def trace_config() -> Callable[[TransformerConfig], tuple[EncoderDecoder, Trace]]:
    """The same of a config."""
    return _traced


@pytest.fixture(scope="session")
def trace_model() -> Callable[[EncoderDecoder], Trace]:
    """The same of a model."""
    return trace_of


SIZES = {"vocabulary": 30, "width": 16, "heads": 4, "inner_width": 24, "layers": 2, "max_length": 20}


@pytest.fixture(scope="session")
def trace_decoder() -> Callable[..., tuple[Any, Trace]]:
    """`trace_decoder(positions="rotary", …)`: an untrained decoder-only model, and the trace of a text of it."""
    return lambda dtype=torch.float32, **choices: trace_text(
        "decoder-only", DecoderOnlyConfig(**{**SIZES, **choices}), dtype
    )


@pytest.fixture(scope="session")
def trace_encoder() -> Callable[..., tuple[Any, Trace]]:
    """`trace_encoder(segments=2, …)`: the same of an encoder-only model."""
    return lambda dtype=torch.float32, **choices: trace_text(
        "encoder-only", EncoderOnlyConfig(**{**SIZES, **choices}), dtype
    )


def trace_text(family: str, config: DecoderOnlyConfig | EncoderOnlyConfig, dtype: torch.dtype) -> tuple[Any, Trace]:
    """Every parameter is another than the usual one, so that a forgotten one is noticed."""
    model, generator = built(config).eval(), torch.Generator().manual_seed(7)
    with torch.no_grad():
        for one in model.parameters():
            one += 0.1 * torch.randn(one.shape, generator=generator)
    model.to(dtype)
    kinds = {"kinds": [0, 0, 1, 1]} if getattr(config, "segments", 0) else {}
    follows = {"predicted": Side("six seven", (*SOURCE[1:], 9), ("six", "seven", "⟨end⟩", "nine"))}
    return model, Trace(
        record(model, SOURCE, **kinds),
        operations_of(config),
        family=family,
        text=Side("five six seven", SOURCE, ("five", "six", "seven", "⟨end⟩")),
        **(follows if family == "decoder-only" else {}),
        config=config.as_plain(),
        parameters=dict(model.named_parameters(remove_duplicate=False)),
    )


def _traced(config: TransformerConfig) -> tuple[EncoderDecoder, Trace]:
    model = EncoderDecoder(config, seed=3).eval()
    return model, trace_of(model)


def trace_of(model: EncoderDecoder) -> Trace:
    return Trace(
        record(model, SOURCE, TARGET),
        operations_of(model.config),
        source=Side("five six seven", SOURCE, ("five", "six", "seven", "⟨end⟩")),
        target=Side("eight nine", TARGET, ("⟨begin⟩", "eight", "nine")),
        predicted=Side("eight nine", (*TARGET[1:], 2), ("eight", "nine", "⟨end⟩")),
        config=model.config.as_plain(),
        parameters=dict(model.named_parameters(remove_duplicate=False)),
    )
