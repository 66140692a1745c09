"""Small models of every kind, and a trace of each."""

from collections.abc import Callable
from typing import Any

import pytest

from clearhead.model import EncoderDecoder, TransformerConfig
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
