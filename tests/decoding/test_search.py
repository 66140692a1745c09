"""Greedy search and what every search shares, on tables of probabilities. Ids: 0 begin, 1 end, then words."""

import dataclasses
import math
from typing import Any

import pytest
import torch

from clearhead.decoding.beam import beam_search
from clearhead.decoding.options import SearchOptions
from clearhead.decoding.scores import LengthPenalty
from clearhead.decoding.search import StepFunction, greedy, permitted_log_probabilities
from clearhead.errors import DecodingError

BEGIN, END, A, B = 0, 1, 2, 3
OPTIONS = SearchOptions(begin=BEGIN, end=END, suppressed=(BEGIN,), beam_size=1, length_penalty=LengthPenalty("none"))


def trap(tokens: tuple[int, ...]) -> list[float]:
    """A is the likelier first word, but what follows it is uncertain; B all but ends the sentence."""
    return {(): [0, 0, 0.6, 0.4], (A,): [0, 0.4, 0.3, 0.3], (B,): [0, 0.9, 0.05, 0.05]}.get(tokens, [0, 1, 0, 0])


def words(length: int) -> Any:
    """A table that says A `length` times and then ends, for certain."""
    return lambda tokens: [0, 1, 0, 0] if len(tokens) >= length else [0, 0, 1, 0]


def test_greedy_takes_the_best_token_each_time(table_step: Any) -> None:
    """0.6 · 0.4 = 0.24, though B, end would have had 0.4 · 0.9 = 0.36."""
    [[found]] = greedy(table_step(trap), [5], OPTIONS)
    assert found.tokens == (A, END)
    assert found.finished
    assert found.log_probability == pytest.approx(math.log(0.24), abs=1e-6)
    assert found.token_log_probabilities == pytest.approx((math.log(0.6), math.log(0.4)), abs=1e-6)
    assert found.score == found.log_probability


def test_the_score_is_the_log_probability_under_the_length_penalty(table_step: Any) -> None:
    options = SearchOptions(begin=BEGIN, end=END, beam_size=1, length_penalty=LengthPenalty("mean", 1.0))
    [[found]] = greedy(table_step(trap), [5], options)
    assert found.score == pytest.approx(math.log(0.24) / 2, abs=1e-6)


def test_sentences_leave_the_batch_when_they_end(table_step: Any) -> None:
    """Of 0, 2 and 1 words, end tokens come at steps 1, 3 and 2."""
    step = table_step(words(0), words(2), words(1))
    found = greedy(step, [5, 5, 5], OPTIONS)
    assert [hypothesis.tokens for [hypothesis] in found] == [(END,), (A, A, END), (A, END)]
    assert step.shapes == [(3, 1), (2, 1), (1, 1)]


def test_each_sentence_has_its_own_greatest_length(table_step: Any) -> None:
    found = greedy(table_step(words(9), words(9), words(9)), [3, 1, 10], OPTIONS)
    assert [hypothesis.tokens for [hypothesis] in found] == [(A, A, A), (A,), (A,) * 9 + (END,)]
    assert [hypothesis.finished for [hypothesis] in found] == [False, False, True]


def test_suppressed_tokens_are_not_generated_and_probabilities_stay_the_models(table_step: Any) -> None:
    """Without A the best is B (0.4, not renormalised to 1), end (0.9)."""
    [[found]] = greedy(table_step(trap), [5], SearchOptions(begin=BEGIN, end=END, suppressed=(BEGIN, A), beam_size=1))
    assert found.tokens == (B, END)
    assert found.log_probability == pytest.approx(math.log(0.36), abs=1e-6)


def test_prefixes_are_forced_and_scored(table_step: Any) -> None:
    """B, end: 0.4 · 0.9. A, B, end: 0.6 · 0.3 · 1. No prefix: greedy's own."""
    found = greedy(table_step(trap, trap, trap), [5, 5, 5], OPTIONS, prefixes=[(B,), (A, B), ()])
    assert [hypothesis.tokens for [hypothesis] in found] == [(B, END), (A, B, END), (A, END)]
    expected = [math.log(0.36), math.log(0.18), math.log(0.24)]
    assert [hypothesis.log_probability for [hypothesis] in found] == pytest.approx(expected, abs=1e-6)


def test_a_prefix_may_force_a_suppressed_token(table_step: Any) -> None:
    options = SearchOptions(begin=BEGIN, end=END, suppressed=(BEGIN, B), beam_size=1)
    [[found]] = greedy(table_step(trap), [5], options, prefixes=[(B,)])
    assert found.tokens == (B, END)


def test_a_prefix_may_fill_the_whole_length(table_step: Any) -> None:
    [[found]] = greedy(table_step(trap), [2], OPTIONS, prefixes=[(A, B)])
    assert found.tokens == (A, B)
    assert not found.finished


@pytest.mark.parametrize(
    ("max_lengths", "prefixes", "message"),
    [
        ([0], None, "sentence 1: a greatest length of 0 tokens leaves no room"),
        ([5, 2], [(), (A, A, A)], "sentence 2: its prefix has 3 tokens but at most 2 are allowed"),
        ([5], [(A, END)], "sentence 1: its prefix contains the end token 1"),
        ([5, 5], [()], "1 prefixes for 2 sentences"),
    ],
)
def test_what_cannot_be_met_is_refused(table_step: Any, max_lengths: Any, prefixes: Any, message: str) -> None:
    with pytest.raises(DecodingError, match=message):
        greedy(table_step(*[trap] * len(max_lengths)), max_lengths, OPTIONS, prefixes=prefixes)


def test_a_model_that_gives_no_numbers_is_named_as_the_cause(table_step: Any) -> None:
    with pytest.raises(DecodingError, match="weights are damaged"):
        greedy(table_step(lambda tokens: [math.nan] * 4), [3], OPTIONS)


@pytest.mark.parametrize("probabilities", [[0.0] * 4, [1.0, 0.0, 0.0, 0.0], [math.inf, 1.0, 1.0, 1.0]])
@pytest.mark.parametrize("words", [0, 2])
@pytest.mark.usefixtures("way")
def test_where_nothing_has_a_probability_the_weights_are_the_cause(
    table_step: Any, probabilities: list[float], words: int
) -> None:
    """faults.md A5: at once or after some words, greedy search and a beam."""
    for beam_size in (1, 2):
        options = dataclasses.replace(OPTIONS, beam_size=beam_size)
        step = table_step(lambda tokens: [0, 0, 0.6, 0.4] if len(tokens) < words else probabilities)
        with pytest.raises(DecodingError, match=r"log-probabilities are not numbers .* weights are damaged"):
            beam_search(step, [5], options)


def test_no_sentences_give_no_hypotheses(table_step: Any) -> None:
    assert greedy(table_step(), [], OPTIONS) == []


def test_half_precision_logits_are_summed_in_single_precision() -> None:
    logits = torch.tensor([[[1.0, 2.0, 3.0, 4.0]]], dtype=torch.bfloat16)
    permitted = permitted_log_probabilities(logits, OPTIONS, [()], 0)
    assert permitted.dtype == torch.float32
    # Softmax of 1, 2, 3, 4: the last is 4 - log(e + e² + e³ + e⁴).
    assert permitted[0, 0, 3].item() == pytest.approx(4 - math.log(sum(math.exp(x) for x in (1, 2, 3, 4))), abs=1e-6)


def test_the_table_is_a_step_function(table_step: Any) -> None:
    assert isinstance(table_step(), StepFunction)
