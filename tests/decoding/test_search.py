"""Greedy search and what every search shares, on tables of probabilities. Ids: 0 begin, 1 end, then words."""

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from clearhead.decoding.beam import Step
from clearhead.decoding.options import SearchOptions
from clearhead.decoding.scores import LengthPenalty
from clearhead.decoding.search import search
from clearhead.errors import DecodingError
from clearhead.runtimes.runtime import Bans, Choice, State, best_of, log_softmax
from clearhead.text.stop_strings import StopStrings
from clearhead.text.utf8 import Utf8Automaton

BEGIN, END, A, B = 0, 1, 2, 3
OPTIONS = SearchOptions(begin=BEGIN, end=END, suppressed=(BEGIN,), beam_size=1, length_penalty=LengthPenalty("none"))


def trap(tokens: tuple[int, ...]) -> list[float]:
    """A is the likelier first word, but what follows it is uncertain; B all but ends the sentence."""
    return {(): [0, 0, 0.6, 0.4], (A,): [0, 0.4, 0.3, 0.3], (B,): [0, 0.9, 0.05, 0.05]}.get(tokens, [0, 1, 0, 0])


def words(length: int) -> Any:
    """A table that says A `length` times and then ends, for certain."""
    return lambda tokens: [0, 1, 0, 0] if len(tokens) >= length else [0, 0, 1, 0]


def test_greedy_takes_the_best_token_each_time(table_state: Any) -> None:
    """0.6 · 0.4 = 0.24, though B, end would have had 0.4 · 0.9 = 0.36."""
    [[found]] = search(table_state(trap), [5], OPTIONS)
    assert found.tokens == (A, END)
    assert found.finished
    assert found.log_probability == pytest.approx(math.log(0.24), abs=1e-6)
    assert found.token_log_probabilities == pytest.approx((math.log(0.6), math.log(0.4)), abs=1e-6)
    assert found.score == found.log_probability


def test_the_score_is_the_log_probability_under_the_length_penalty(table_state: Any) -> None:
    options = SearchOptions(begin=BEGIN, end=END, beam_size=1, length_penalty=LengthPenalty("mean", 1.0))
    [[found]] = search(table_state(trap), [5], options)
    assert found.score == pytest.approx(math.log(0.24) / 2, abs=1e-6)


def test_sentences_leave_the_batch_when_they_end(table_state: Any) -> None:
    """Of 0, 2 and 1 words, end tokens come at steps 1, 3 and 2."""
    step = table_state(words(0), words(2), words(1))
    found = search(step, [5, 5, 5], OPTIONS)
    assert [hypothesis.tokens for [hypothesis] in found] == [(END,), (A, A, END), (A, END)]
    assert step.shapes == [(3, 1), (2, 1), (1, 1)]


def test_each_sentence_has_its_own_greatest_length(table_state: Any) -> None:
    found = search(table_state(words(9), words(9), words(9)), [3, 1, 10], OPTIONS)
    assert [hypothesis.tokens for [hypothesis] in found] == [(A, A, A), (A,), (A,) * 9 + (END,)]
    assert [hypothesis.finished for [hypothesis] in found] == [False, False, True]


def test_suppressed_tokens_are_not_generated_and_probabilities_stay_the_models(table_state: Any) -> None:
    """Without A the best is B (0.4, not renormalised to 1), end (0.9)."""
    [[found]] = search(table_state(trap), [5], SearchOptions(begin=BEGIN, end=END, suppressed=(BEGIN, A), beam_size=1))
    assert found.tokens == (B, END)
    assert found.log_probability == pytest.approx(math.log(0.36), abs=1e-6)


def test_prefixes_are_forced_and_scored(table_state: Any) -> None:
    """B, end: 0.4 · 0.9. A, B, end: 0.6 · 0.3 · 1. No prefix: greedy's own."""
    found = search(table_state(trap, trap, trap), [5, 5, 5], OPTIONS, prefixes=[(B,), (A, B), ()])
    assert [hypothesis.tokens for [hypothesis] in found] == [(B, END), (A, B, END), (A, END)]
    expected = [math.log(0.36), math.log(0.18), math.log(0.24)]
    assert [hypothesis.log_probability for [hypothesis] in found] == pytest.approx(expected, abs=1e-6)


def test_a_prefix_may_force_a_suppressed_token(table_state: Any) -> None:
    options = SearchOptions(begin=BEGIN, end=END, suppressed=(BEGIN, B), beam_size=1)
    [[found]] = search(table_state(trap), [5], options, prefixes=[(B,)])
    assert found.tokens == (B, END)


def test_a_prefix_may_fill_the_whole_length(table_state: Any) -> None:
    [[found]] = search(table_state(trap), [2], OPTIONS, prefixes=[(A, B)])
    assert found.tokens == (A, B)
    assert not found.finished


def test_a_model_that_gives_no_numbers_is_named_as_the_cause(table_state: Any) -> None:
    with pytest.raises(DecodingError, match="weights are damaged"):
        search(table_state(lambda tokens: [math.nan] * 4), [3], OPTIONS)


@pytest.mark.parametrize("probabilities", [[0.0] * 4, [1.0, 0.0, 0.0, 0.0], [math.inf, 1.0, 1.0, 1.0]])
@pytest.mark.parametrize("words", [0, 2])
@pytest.mark.usefixtures("way")
def test_where_nothing_has_a_probability_the_weights_are_the_cause(
    table_state: Any, probabilities: list[float], words: int
) -> None:
    """faults.md A5: at once or after some words, greedy search and a beam."""
    for beam_size in (1, 2):
        options = dataclasses.replace(OPTIONS, beam_size=beam_size)
        step = table_state(lambda tokens: [0, 0, 0.6, 0.4] if len(tokens) < words else probabilities)
        with pytest.raises(DecodingError, match=r"log-probabilities are not numbers .* weights are damaged"):
            search(step, [5], options)


def test_no_sentences_give_no_hypotheses(table_state: Any) -> None:
    assert search(table_state(), [], OPTIONS) == []


def test_the_table_is_a_state(table_state: Any) -> None:
    assert isinstance(table_state(), State)


def test_a_sentence_that_nobody_wants_any_more_leaves(table_state: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its second step the first is told to be unwanted; the other goes on to its end."""
    monkeypatch.setattr("clearhead.decoding.search.ASKED_EVERY", 1)
    state, asked = table_state(words(9), words(3)), []

    def wanted(number: int) -> bool:
        asked.append(number)
        return number == 1 or asked.count(0) < 2

    found = search(state, [10, 10], OPTIONS, wanted=wanted)
    assert [[one.tokens for one in each] for each in found] == [[], [(A, A, A, END)]]
    assert state.shapes == [(2, 1), (2, 1), (1, 1), (1, 1)]


def test_who_watches_is_told_of_every_step(table_state: Any) -> None:
    """Greedy search of 1 and of 2 words; sentences are told by their numbers in the batch."""
    steps: list[Step] = []
    search(table_state(words(1), words(2)), [5, 5], OPTIONS, watch=steps.append)
    assert [step.sentences for step in steps] == [[0, 1], [0, 1], [1]]
    assert [step.candidates.tokens.ravel().tolist() for step in steps] == [[A, A], [END, A], [END]]
    assert steps[1].of_sentence(1).live.parents.tolist() == [[0]]


def test_another_vocabularys_automaton_is_refused(table_state: Any) -> None:
    options = SearchOptions(begin=0, end=1, utf8=Utf8Automaton.of([None, None, b"a"]))
    with pytest.raises(DecodingError, match="utf8 is for a vocabulary of 3 ids but the model's has 4"):
        search(table_state(lambda tokens: [0.25] * 4), [3], options)


def test_each_sentence_may_be_fed_a_token_of_its_own_at_first() -> None:
    fed: list[Any] = []

    class Fed:
        """Ends at once, and keeps what it was fed."""

        def advance(self, tokens: Any, parents: Any) -> None:
            fed.append(tokens.tolist())

        def best(self, count: int, bans: Bans) -> Choice:
            return best_of(self.log_probabilities(), count, bans)

        def log_probabilities(self) -> Any:
            return log_softmax(self.logits())

        def logits(self) -> Any:
            return np.log(np.array([[[0.1, 0.7, 0.1, 0.1]]] * 2, np.float32))

    found = search(Fed(), [5, 5], OPTIONS, begins=[A, B])
    assert fed == [[[A], [B]]]
    assert [hypothesis.tokens for [hypothesis] in found] == [(END,), (END,)]
    search(Fed(), [5, 5], OPTIONS)
    assert fed[1:] == [[[BEGIN], [BEGIN]]]


def test_a_stop_string_may_begin_in_what_was_written_before(table_state: Any) -> None:
    options = dataclasses.replace(OPTIONS, stop=StopStrings(("ba",), (None, None, b"a", b"b")))
    found = search(table_state(words(9), words(9)), [3, 3], options, written=[[A, B], [A, A]])
    assert [(one.tokens, one.finished) for [one] in found] == [((A,), True), ((A, A, A), False)]
