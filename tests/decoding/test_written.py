"""Rules that look back, by hand, and that neither the batch nor the runtime changes what they do."""

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from clearhead.decoding import LengthPenalty, Rules, Sampling, SearchOptions, SearchStrategy
from clearhead.decoding.sampling import Draws
from clearhead.decoding.search import search
from clearhead.decoding.written import Written

BEGIN, END, A, B, C = 0, 1, 2, 3, 4
OPTIONS = SearchOptions(begin=BEGIN, end=END, suppressed=(BEGIN,), beam_size=1, length_penalty=LengthPenalty("none"))


def banned(rules: Rules, *texts: list[int]) -> list[set[int]]:
    return [set(row[0].tolist()) - {-1} for row in Written.after_all(rules, texts).banned(None)]


def test_what_would_repeat_a_sequence_is_banned() -> None:
    """A B A: B would be A B a second time; of three tokens none was there twice; each single one was."""
    text = [A, B, A]
    assert banned(Rules(no_repeat_ngram_size=2), text) == [{B}]
    assert banned(Rules(no_repeat_ngram_size=3), text, [A, B, C, A, B]) == [set(), {C}]
    assert banned(Rules(no_repeat_ngram_size=1), text, [C]) == [{A, B}, {C}]
    # A text that is shorter than the others in its batch has no more before it.
    assert banned(Rules(no_repeat_ngram_size=2), [A], [A, A, A]) == [set(), {A}]
    assert banned(Rules(no_repeat_ngram_size=9), text) == [set()]


def test_the_last_token_of_a_bad_word_is_banned_after_its_others() -> None:
    rules = Rules(bad_words=((A, B), (B, A, C), (C,)))
    assert banned(rules, [A], [B, A], [C]) == [{B}, {B, C}, set()]


def test_a_forced_token_is_not_banned() -> None:
    written = Written.after_all(Rules(no_repeat_ngram_size=1), [[A], [A]])
    assert written.banned(np.array([A, -1]))[..., 0].tolist() == [[-1], [A]]


def test_rows_go_on_from_those_that_their_parents_name() -> None:
    written = Written.after_all(Rules(no_repeat_ngram_size=1), [[A], [B]])
    written = written.after(np.array([[1, 1]]), np.array([[C, A]]))
    assert [set(row.tolist()) for row in written.banned(None)[0]] == [{B, C}, {B, A}]


def test_the_penalty_divides_what_is_positive_and_multiplies_what_is_not() -> None:
    written = Written.after_all(Rules(repetition_penalty=2.0), [[A, B, A]])
    values = np.array([[[1.0, -1.0, 3.0, -3.0, 0.5]]], np.float32)
    weighed = written.weighed(values, np.array([[[C, -1]]]))
    assert weighed.tolist() == [[[1.0, -1.0, 1.5, -6.0, -math.inf]]]


def stubborn(tokens: tuple[int, ...]) -> list[float]:
    """A, always, then B, then C, and seldom an end."""
    return [0, 0.05, 0.5, 0.3, 0.15]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (Rules(), (A, A, A, A)),
        (Rules(no_repeat_ngram_size=1), (A, B, C, END)),
        (Rules(no_repeat_ngram_size=2), (A, A, B, A)),
        (Rules(bad_words=((A, A), (B,))), (A, C, A, C)),
        # Of what was there the logits log 0.5, log 0.3 are multiplied: 0.25, then B's 0.09 and 0.15 for C.
        (Rules(repetition_penalty=2.0), (A, B, A, A)),
        (Rules(forced_end=True), (A, A, A, END)),
        (Rules(bad_words=((A,), (B,), (C,)), min_tokens=0), (END,)),
    ],
)
def test_greedy_search_keeps_to_the_rules(table_state: Any, rules: Rules, expected: tuple[int, ...]) -> None:
    [[found]] = search(table_state(stubborn), [4], dataclasses.replace(OPTIONS, rules=rules))
    assert found.tokens == expected
    # Its log-probability is the model's own.
    assert found.log_probability == pytest.approx(sum(math.log(stubborn(())[one]) for one in found.tokens), abs=1e-5)


def test_no_text_ends_before_it_has_so_many_tokens(table_state: Any) -> None:
    def short(tokens: tuple[int, ...]) -> list[float]:
        return [0, 0.7, 0.2, 0.1, 0]

    for beams in (1, 3):
        options = dataclasses.replace(OPTIONS, beam_size=beams, rules=Rules(min_tokens=3))
        [[found]] = search(table_state(short), [9], options)
        assert found.tokens == (A, A, A, END)


def test_what_was_read_counts_as_written(table_state: Any) -> None:
    options = dataclasses.replace(OPTIONS, rules=Rules(no_repeat_ngram_size=2))
    found = search(table_state(stubborn, stubborn), [2, 2], options, begins=[A, A], read=[[A], []])
    assert [one.tokens for [one] in found] == [(B, A), (A, B)]


@pytest.mark.parametrize("rules", [Rules(no_repeat_ngram_size=2), Rules(repetition_penalty=1.7, bad_words=((B, C),))])
@pytest.mark.parametrize("name", ["clearhead", "huggingface", "huggingface:early"])
def test_a_sentence_is_searched_for_as_if_it_were_alone(table_state: Any, rules: Rules, name: str) -> None:
    """In any batch, with drawing too: tables that differ, and lengths at which they leave the batch."""

    def table(seed: int) -> Any:
        def row(tokens: tuple[int, ...]) -> list[float]:
            values = np.random.default_rng((seed, *tokens)).random(8) * [0, 1, 2, 2, 2, 1, 1, 1]
            return list(values / values.sum())

        return row

    tables, limits, begins = [table(one) for one in range(4)], [5, 9, 7, 3], [0, 3, 3, 2]
    read = [[2, 3], [], [4, 5, 4], [5]]
    for beams, sampling in ((1, None), (3, None), (1, Sampling(seed=3))):
        options = dataclasses.replace(
            OPTIONS, beam_size=beams, top_beams=beams, rules=rules, sampling=sampling, search=SearchStrategy.parse(name)
        )

        def found(places: list[int], options: SearchOptions = options) -> Any:
            drawing = options.sampling
            draws = None if drawing is None else Draws(drawing, [(one,) for one in places], 9)
            return search(
                table_state(*(tables[one] for one in places)), [limits[one] for one in places], options,
                begins=[begins[one] for one in places], read=[read[one] for one in places], draws=draws,
            )  # fmt: skip

        together, backwards = found([0, 1, 2, 3]), found([3, 2, 1, 0])[::-1]
        assert together == backwards == [found([one])[0] for one in range(4)]
