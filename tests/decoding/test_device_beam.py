"""Beam search in fixed shapes against beam search, on tables of probabilities. Ids: 0 begin, 1 end, then words."""

import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearhead.decoding.beam import beam_search
from clearhead.decoding.device_beam import DeviceBeam
from clearhead.decoding.device_search import run
from clearhead.decoding.options import SearchOptions
from clearhead.decoding.scores import LengthPenalty
from clearhead.errors import DecodingError

BEGIN, END, A, B = 0, 1, 2, 3
PENALTIES = ["none", "mean:1.0", "mean:2", "gnmt:0.6", "gnmt:2.0"]


def options(beam_size: int = 2, top_beams: int = 1, penalty: str = "none", suppressed: Any = (BEGIN,)) -> SearchOptions:
    return SearchOptions(
        begin=BEGIN,
        end=END,
        suppressed=suppressed,
        beam_size=beam_size,
        top_beams=top_beams,
        length_penalty=LengthPenalty.parse(penalty),
    )


def table_of(seed: int, vocabulary: int = 6) -> Any:
    """Some probabilities for every beginning, always the same for one seed; begin has none."""

    def table(tokens: tuple[int, ...]) -> list[float]:
        draw = random.Random(f"{seed} {tokens}")
        weights = [0.0, *(draw.random() ** 3 + 1e-3 for _ in range(vocabulary - 1))]
        return [weight / sum(weights) for weight in weights]

    return table


def trap(tokens: tuple[int, ...]) -> list[float]:
    """A is the likelier first word, but what follows it is uncertain; B all but ends the sentence."""
    return {(): [0, 0, 0.6, 0.4], (A,): [0, 0.4, 0.3, 0.3], (B,): [0, 0.9, 0.05, 0.05]}.get(tokens, [0, 1, 0, 0])


def found_by(step: Any, limits: list[int], chosen: SearchOptions, sentences: int | None = None) -> Any:
    return run(DeviceBeam(step, sentences or len(limits), 16, chosen), limits)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    seeds=st.lists(st.integers(0, 10**6), min_size=1, max_size=7),
    penalty=st.sampled_from(PENALTIES),
    beam_size=st.integers(2, 5),
    suppressed=st.sampled_from([(), (BEGIN,), (BEGIN, A)]),
    vocabulary=st.sampled_from([4, 6]),
    data=st.data(),
)
def test_it_finds_what_beam_search_finds(
    table_step: Any,
    fixed_table: Any,
    assert_same: Any,
    seeds: list[int],
    penalty: str,
    beam_size: int,
    suppressed: tuple[int, ...],
    vocabulary: int,
    data: Any,
) -> None:
    """Sentences of different lengths and limits, more places than sentences, fewer words than a beam looks at."""
    chosen = options(beam_size, data.draw(st.integers(1, beam_size)), penalty, suppressed)
    tables, limits = [table_of(seed, vocabulary) for seed in seeds], [1 + seed % 9 for seed in seeds]
    found = found_by(fixed_table(*tables), limits, chosen, sentences=len(seeds) + seeds[0] % 3)
    assert_same(found, beam_search(table_step(*tables), limits, chosen))


@settings(max_examples=15, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), penalty=st.sampled_from(PENALTIES))
def test_sentences_that_move_take_all_that_is_theirs_along(
    table_step: Any, fixed_table: Any, assert_same: Any, seed: int, penalty: str
) -> None:
    """Twelve sentences of which most are soon done; the others move, and some move again."""
    tables, limits = [table_of(seed + n) for n in range(12)], [15, 2, 3, 14, 1, 2, 3, 9, 1, 2, 4, 2]
    chosen = options(3, 2, penalty)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("clearhead.decoding.device_search.FEW_ROWS", 0)
        found = found_by(fixed_table(*tables), limits, chosen)
    assert_same(found, beam_search(table_step(*tables), limits, chosen))


def test_a_search_can_be_used_again(table_step: Any, fixed_table: Any, assert_same: Any) -> None:
    step = fixed_table(*map(table_of, range(5)))
    search = DeviceBeam(step, 5, 16, options(3, 3))
    run(search, [9] * 5)
    step.step = table_step(*map(table_of, (7, 8)))
    assert_same(run(search, [4, 12]), beam_search(table_step(*map(table_of, (7, 8))), [4, 12], options(3, 3)))


def test_a_beam_of_two_escapes_the_trap_of_greedy_search(fixed_table: Any) -> None:
    """Greedy takes A, end: 0.6 · 0.4 = 0.24. B, end has 0.4 · 0.9 = 0.36."""
    [[found]] = found_by(fixed_table(trap), [5], options())
    assert found.tokens == (B, END)
    assert found.token_log_probabilities == pytest.approx((math.log(0.4), math.log(0.9)), abs=1e-6)


def test_unfinished_hypotheses_fill_up_what_finished_ones_leave_open(fixed_table: Any) -> None:
    """At a greatest length of 2: B, end (0.36) and A, end (0.24); A, A and A, B (0.18 each) have not ended."""
    [found] = found_by(fixed_table(trap), [2], options(4, 3))
    assert [hypothesis.finished for hypothesis in found] == [True, True, False]
    assert found[2].tokens in {(A, A), (A, B)}
    assert found[2].log_probability == pytest.approx(math.log(0.18), abs=1e-6)


def test_fewer_come_back_where_there_are_no_more(fixed_table: Any) -> None:
    """Without B there are A, end and A, A, end alone."""
    [found] = found_by(fixed_table(trap), [5], options(4, 4, suppressed=(BEGIN, B)))
    assert [hypothesis.tokens for hypothesis in found] == [(A, END), (A, A, END)]


def test_of_equal_scores_the_first_found_stays_first(fixed_table: Any) -> None:
    """Without a penalty end has 0.5, and A, end has 0.5 · 1."""
    step = fixed_table(lambda tokens: [0, 0.5, 0.5, 0] if not tokens else [0, 1, 0, 0])
    [found] = found_by(step, [5], options(2, 2))
    assert [hypothesis.tokens for hypothesis in found] == [(END,), (A, END)]


@pytest.mark.parametrize("words", [0, 3])
def test_a_model_that_gives_no_numbers_is_named_as_the_cause(fixed_table: Any, words: int) -> None:
    """At once, or after some words."""
    step = fixed_table(lambda tokens: [0, 0.1, 0.5, 0.4] if len(tokens) < words else [math.nan] * 4)
    with pytest.raises(DecodingError, match="weights are damaged"):
        found_by(step, [9], options(2, 2))


def test_what_follows_after_a_sentence_is_done_is_not_its_own(fixed_table: Any) -> None:
    """It is computed on, as others are, and there the model gives no numbers."""
    short = fixed_table(
        lambda tokens: [0, 1, 0, 0] if len(tokens) == 0 else [math.nan] * 4,
        lambda tokens: [0, 0, 0.7, 0.3],
    )
    found = found_by(short, [9, 9], options(2, 1))
    assert [len(one.tokens) for [one] in found] == [1, 9]


@pytest.mark.parametrize("probabilities", [[0.0] * 4, [1.0, 0.0, 0.0, 0.0], [math.inf, 1.0, 1.0, 1.0]])
@pytest.mark.parametrize("words", [0, 2])
def test_where_nothing_has_a_probability_the_weights_are_the_cause(
    fixed_table: Any, probabilities: list[float], words: int
) -> None:
    """faults.md A5."""
    step = fixed_table(lambda tokens: [0, 0, 0.6, 0.4] if len(tokens) < words else probabilities)
    with pytest.raises(DecodingError, match=r"log-probabilities are not numbers .* weights are damaged"):
        found_by(step, [5], options(2, 2))
