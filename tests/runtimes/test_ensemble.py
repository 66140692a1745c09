"""Several models as one: by hand, of one model thrice, and against a loop with the mean of whole forward passes."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from clearhead.decoding import Engine, LengthPenalty, SearchOptions
from clearhead.decoding.search import search
from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.native import library as native
from clearhead.runtimes.eager import EagerRuntime
from clearhead.runtimes.ensemble import EnsembleRuntime, EnsembleState
from clearhead.runtimes.preparing import compiled
from clearhead.runtimes.runtime import Bans, Choice, Runtime, State, best_of
from clearhead.tasks.translation.averaged import Averaged

PADDING, BEGIN, END, A, B = range(5)
OPTIONS = SearchOptions(
    begin=BEGIN, end=END, suppressed=(PADDING, BEGIN), beam_size=1, length_penalty=LengthPenalty("none")
)


class Table:
    """A state of one sentence in one row: from how many tokens it has to the probabilities of the next."""

    def __init__(self, *rows: Sequence[float]) -> None:
        self.rows, self.steps = rows, -1

    def advance(self, tokens: Any, parents: Any) -> None:
        self.steps += 1

    def best(self, count: int, bans: Bans) -> Choice:
        return best_of(self.log_probabilities(), count, bans)

    def log_probabilities(self) -> Any:
        with np.errstate(divide="ignore"):
            return np.log(np.array([[self.rows[min(self.steps, len(self.rows) - 1)]]], np.float32))

    logits = log_probabilities


def test_a_tokens_probability_is_the_mean() -> None:
    """0.5 and 0.1 are 0.3, 0.4 and 0.8 are 0.6; then 0.9 and 0.1 are 0.5 for the end."""
    first = Table([0, 0, 0.1, 0.5, 0.4], [0, 0, 0.9, 0.05, 0.05])
    state = EnsembleState([first, Table([0, 0, 0.1, 0.1, 0.8], [0, 0, 0.1, 0.45, 0.45])])
    assert isinstance(state, State)
    [[found]] = search(state, [9], OPTIONS)
    assert found.tokens == (B, END)
    assert found.log_probability == pytest.approx(math.log(0.6) + math.log(0.5), abs=1e-5)
    np.testing.assert_allclose(np.exp(state.logits()).sum(-1), 1, atol=1e-6)
    # What no member finds possible is impossible, and no warning.
    assert state.log_probabilities()[0, 0, PADDING] == -math.inf


def model(seed: int, max_length: int = 24) -> EncoderDecoder:
    config = TransformerConfig(
        width=16, heads=2, inner_width=24, encoder_layers=1, decoder_layers=1, source_vocabulary=9,
        target_vocabulary=9, max_length=max_length, dropout=0.0,
    )  # fmt: skip
    return EncoderDecoder(config, seed=seed).eval()


SOURCES = [[5, 6, END], [7, END], [8, 3, 4, 5, 6, 7, END]]


def runtime(one: EncoderDecoder, kind: str) -> Runtime:
    found = compiled(one, "fp32") if kind == "compiled" else EagerRuntime(one)
    assert found is not None
    return found


KINDS = [pytest.param("compiled", marks=pytest.mark.skipif(native.library() is None, reason="no C compiler")), "eager"]


@pytest.mark.parametrize("kind", KINDS)
def test_greedy_search_takes_the_best_of_the_mean_at_every_step(kind: str) -> None:
    models = [model(1), model(2), model(3)]
    engine = Engine(EnsembleRuntime([runtime(one, kind) for one in models]))
    together = Averaged(models)
    for source, [found] in zip(SOURCES, engine.translate(SOURCES, OPTIONS), strict=True):
        written: list[int] = []
        total = 0.0
        while len(written) < len(found.tokens):
            with torch.no_grad():
                inputs = torch.tensor([[BEGIN, *written]])
                probabilities = torch.stack([one(torch.tensor([source]), inputs)[0, -1].softmax(-1) for one in models])
                own = together(torch.tensor([source]), inputs, None)[0, -1]
            mean = probabilities.mean(0)
            np.testing.assert_allclose(own.exp(), mean, atol=1e-6)
            mean[[PADDING, BEGIN]] = 0
            written.append(int(mean.argmax()))
            total += math.log(mean.max())
        assert tuple(written) == found.tokens
        assert found.log_probability == pytest.approx(total, abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("beams", [1, 3])
def test_one_model_thrice_is_that_model(kind: str, beams: int) -> None:
    one = runtime(model(4), kind)
    options = SearchOptions(begin=BEGIN, end=END, suppressed=(PADDING, BEGIN), beam_size=beams, top_beams=beams)
    alone, found = (Engine(each).translate(SOURCES, options) for each in (one, EnsembleRuntime([one, one, one])))
    assert [[each.tokens for each in of] for of in found] == [[each.tokens for each in of] for of in alone]
    scores, expected = ([each.score for of in some for each in of] for some in (found, alone))
    assert scores == pytest.approx(expected, abs=1e-4)


def test_what_all_members_can_hold_is_what_they_hold_together() -> None:
    small, large = EagerRuntime(model(1, 12)), EagerRuntime(model(2, 30))
    small.batch_tokens = 100
    together = EnsembleRuntime([large, small])
    assert isinstance(together, Runtime)
    assert (together.sizes.max_length, together.batch_tokens, together.concurrency) == (12, 100, 1)
    assert together.sizes.decoder_layers == 2
    assert together.padded_length(7) == 7
    assert together.bytes_for(5, 6, 2) == small.bytes_for(5, 6, 2) + large.bytes_for(5, 6, 2)
