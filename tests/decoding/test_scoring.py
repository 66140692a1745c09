"""Scores of given targets, against PyTorch's cross-entropy and one sentence at a time."""

import dataclasses
import random
from typing import Any

import pytest
import torch

from clearhead.decoding.options import SearchOptions
from clearhead.decoding.scores import LengthPenalty
from clearhead.decoding.scoring import score_ids
from clearhead.errors import DecodingError
from clearhead.model import EncoderDecoder, TransformerConfig, masks_for

PADDING, BEGIN, END, VOCABULARY = 0, 1, 2, 17
OPTIONS = SearchOptions(begin=BEGIN, end=END, suppressed=(PADDING, BEGIN))
GOOD = [5, END]


@pytest.fixture(scope="module")
def model() -> EncoderDecoder:
    config = TransformerConfig(
        source_vocabulary=VOCABULARY, target_vocabulary=VOCABULARY, width=16, heads=2, inner_width=32,
        encoder_layers=1, decoder_layers=2, max_length=16,
    )  # fmt: skip
    return EncoderDecoder(config, seed=24)


@pytest.fixture(scope="module")
def sources() -> list[list[int]]:
    draw = random.Random(1)
    return [[*(draw.randrange(3, VOCABULARY) for _ in range(draw.randrange(1, 11))), END] for _ in range(14)]


def test_a_score_is_the_sum_of_log_probabilities_one_sentence_at_a_time(
    model: EncoderDecoder, sources: list[list[int]]
) -> None:
    targets = [list(reversed(source[:-1])) for source in sources]
    options = dataclasses.replace(OPTIONS, length_penalty=LengthPenalty("none"))
    scored = score_ids(model, sources, targets, options, batch_tokens=90)
    model.eval()
    for source, target, hypothesis in zip(sources, targets, scored, strict=True):
        inputs, outputs = torch.tensor([[BEGIN, *target]]), torch.tensor([*target, END])
        with torch.no_grad():
            logits = model(torch.tensor([source]), inputs, masks_for(torch.tensor([source]), inputs, PADDING))
        loss = torch.nn.functional.cross_entropy(logits[0], outputs, reduction="sum")
        assert hypothesis.score == pytest.approx(-loss.item(), rel=1e-6)
        assert len(hypothesis.token_log_probabilities) == len(target) + 1


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ([], "1 sources but 0 targets; give one target for each source"),
        ([[5] * 16], "sentence 1: its target has 16 tokens but the model takes 0 to 15; split it"),
        ([[99]], "sentence 1: its target has ids from 99 to 99"),
    ],
)
def test_targets_that_cannot_be_scored(model: EncoderDecoder, targets: Any, message: str) -> None:
    with pytest.raises(DecodingError, match=message):
        score_ids(model, [GOOD], targets, OPTIONS)


def test_a_target_that_stopped_before_its_end(model: EncoderDecoder) -> None:
    """Its end is no part of it: what is left is the sum without it."""
    options = dataclasses.replace(OPTIONS, length_penalty=LengthPenalty("none"))
    [whole] = score_ids(model, [GOOD], [[5, 6]], options)
    [cut] = score_ids(model, [GOOD], [[5, 6]], options, ended=[False])
    assert (whole.finished, cut.finished) == (True, False)
    assert whole.tokens == (*cut.tokens, END)
    assert cut.log_probability == pytest.approx(whole.log_probability - whole.token_log_probabilities[-1], abs=1e-6)


def test_the_id_that_fills_rows_up_is_a_token_like_others(model: EncoderDecoder) -> None:
    """A source may hold id 0: what is padding is known by lengths."""
    alone = score_ids(model, [[0, 5, 0, END]], [[7]], OPTIONS)
    beside = score_ids(model, [[0, 5, 0, END], [*[9] * 12, END]], [[7], [8] * 9], OPTIONS, batch_tokens=1000)
    assert alone[0].log_probability == pytest.approx(beside[0].log_probability, abs=1e-5)
