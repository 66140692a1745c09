"""Search in fixed shapes on tables of probabilities, greedy first. Ids: 0 begin, 1 end, then words."""

import math
import random
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from clearhead.decoding.device_search import (
    ALIGNED,
    DeviceGreedy,
    most_probable,
    permitted,
    power_for,
    reach_of,
    run,
    size_for,
)
from clearhead.decoding.options import SearchOptions
from clearhead.decoding.search import greedy, permitted_log_probabilities
from clearhead.errors import DecodingError

BEGIN, END, A, B = 0, 1, 2, 3
OPTIONS = SearchOptions(begin=BEGIN, end=END, suppressed=(BEGIN,), beam_size=1)


def table_of(seed: int) -> Any:
    """Some probabilities for every beginning, always the same for one seed; begin has none."""

    def table(tokens: tuple[int, ...]) -> list[float]:
        draw = random.Random(f"{seed} {tokens}")
        weights = [0.0, *(draw.random() ** 3 + 1e-3 for _ in range(4))]
        return [weight / sum(weights) for weight in weights]

    return table


def ends_after(words: int) -> Any:
    return lambda tokens: [0, 1, 0, 0] if len(tokens) >= words else [0, 0, 0.6, 0.4]


def greedy_of(step: Any, sentences: int, capacity: int = 16, options: SearchOptions = OPTIONS) -> DeviceGreedy:
    return DeviceGreedy(step, sentences, capacity, options)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seeds=st.lists(st.integers(0, 10**6), min_size=1, max_size=9))
def test_it_finds_what_greedy_search_finds(
    table_step: Any, fixed_table: Any, assert_same: Any, seeds: list[int]
) -> None:
    tables, limits = [table_of(seed) for seed in seeds], [1 + seed % 15 for seed in seeds]
    search = greedy_of(fixed_table(*tables), len(seeds))
    assert_same(run(search, limits), greedy(table_step(*tables), limits, OPTIONS))


def test_a_search_can_be_used_again(table_step: Any, fixed_table: Any, assert_same: Any) -> None:
    """With fewer sentences, too: the places that they leave change nothing."""
    step = fixed_table(*map(table_of, range(6)))
    search = greedy_of(step, 6)
    run(search, [9] * 6)
    step.step = table_step(*map(table_of, (7, 8)))
    assert_same(run(search, [4, 12]), greedy(table_step(*map(table_of, (7, 8))), [4, 12], OPTIONS))


def test_sentences_move_together_when_half_are_done(
    monkeypatch: pytest.MonkeyPatch, table_step: Any, fixed_table: Any, assert_same: Any
) -> None:
    """Of twelve sentences nine have ended when first asked, after four steps: 12 places, then 4, the power above 3."""
    monkeypatch.setattr("clearhead.decoding.device_search.FEW_ROWS", 0)
    words = [1, 9, 2, 2, 11, 0, 3, 1, 1, 10, 0, 2]
    tables = [ends_after(count) for count in words]
    search, asked = greedy_of(fixed_table(*tables), 12), []

    def advance(sentences: int, reach: int) -> None:
        asked.append((sentences, reach))
        search.advance(sentences, reach)

    found = run(search, [14] * 12, advance)
    assert [len(best.tokens) - 1 for [best] in found] == words
    assert_same(found, greedy(table_step(*tables), [14] * 12, OPTIONS))
    assert asked == [(12, 16)] * 4 + [(4, 16)] * 8


def test_few_rows_do_not_move(fixed_table: Any) -> None:
    search, asked = greedy_of(fixed_table(*map(ends_after, (0, 9, 0, 0))), 4), []

    def advance(sentences: int, reach: int) -> None:
        asked.append(sentences)
        search.advance(sentences, reach)

    run(search, [14] * 4, advance)
    assert set(asked) == {4}


def test_no_step_goes_beyond_the_greatest_length(fixed_table: Any) -> None:
    """Which is not a multiple of the steps after which the host asks who is done."""
    step = fixed_table(lambda tokens: [0, 0, 0.6, 0.4], ends_after(1))
    found = run(greedy_of(step, 2), [6, 3])
    assert [best.tokens for [best] in found] == [(A,) * 6, (A, END)]
    assert [best.finished for [best] in found] == [False, True]
    assert len(step.step.shapes) == 6


def test_who_is_done_is_asked_every_fourth_step(fixed_table: Any) -> None:
    step = fixed_table(ends_after(5))
    run(greedy_of(step, 1), [15])
    assert len(step.step.shapes) == 8


def test_no_sentences_give_no_hypotheses(fixed_table: Any) -> None:
    assert run(greedy_of(fixed_table(table_of(1)), 1), []) == []


def test_a_model_that_gives_no_numbers_is_named_as_the_cause(fixed_table: Any) -> None:
    with pytest.raises(DecodingError, match="weights are damaged"):
        run(greedy_of(fixed_table(lambda tokens: [math.nan] * 4), 1), [3])


def test_sizes_go_up_by_a_quarter_at_most() -> None:
    assert [size_for(count) for count in (1, 2, 3, 5, 8, 9, 10, 11, 16, 17, 21, 32, 33, 129, 170, 256)] == [
        1, 2, 3, 5, 8, 10, 10, 12, 16, 20, 24, 32, 40, 160, 192, 256,
    ]  # fmt: skip
    assert all(count <= size_for(count) < count * 1.25 for count in range(1, 2000))
    assert [power_for(count) for count in (1, 2, 3, 4, 5, 64, 65)] == [1, 2, 4, 4, 8, 64, 128]


@pytest.mark.parametrize("capacity", [16, 48, 1024])
def test_a_reach_holds_its_position_and_fits(capacity: int) -> None:
    reaches = [reach_of(position, capacity) for position in range(capacity)]
    assert all(position < reach <= capacity for position, reach in enumerate(reaches))
    # Few different ones, of a length that attention takes as it is.
    assert len(set(reaches)) <= 7
    assert all(reach % ALIGNED == 0 for reach in reaches)


@pytest.mark.parametrize("vocabulary", [5, 128, 1000, 1024, 1280, 4099])
@pytest.mark.parametrize("count", [1, 2, 8])
def test_the_most_probable_tokens_are_those_of_the_whole_row(vocabulary: int, count: int) -> None:
    log_probabilities = torch.randn(3, 4, vocabulary, generator=torch.Generator().manual_seed(vocabulary + count))
    # One row has its best ones side by side, another at the end of an incomplete block.
    log_probabilities[0, 0, 2:5] += 10
    log_probabilities[1, 2, -3:] += 10
    found = most_probable(log_probabilities, count)
    values, tokens = log_probabilities.topk(min(count, vocabulary))
    assert torch.equal(found.log_probabilities, values)
    assert torch.equal(found.tokens, tokens)


def test_no_block_is_made_of_what_is_not_there() -> None:
    """Where all but the last token are impossible, no token beyond the last one is chosen instead."""
    log_probabilities = torch.full((1, 1, 300), -math.inf)
    log_probabilities[..., -1] = -1.0
    values, tokens = most_probable(log_probabilities, 2)
    assert (values[0, 0, 0], tokens[0, 0, 0]) == (-1.0, 299)
    assert tokens.max() < 300
    assert values[0, 0, 1] == -math.inf


@pytest.mark.parametrize("suppressed", [(), (0, 3)])
@pytest.mark.parametrize("kind", [torch.float32, torch.float64, torch.bfloat16])
def test_log_probabilities_are_those_of_search(suppressed: tuple[int, ...], kind: torch.dtype) -> None:
    logits = torch.randn(2, 3, 7, generator=torch.Generator().manual_seed(1)).to(kind)
    options = SearchOptions(begin=0, end=1, suppressed=suppressed)
    expected = permitted_log_probabilities(logits, options, [(), ()], 0)
    found = permitted(logits, torch.tensor(suppressed, dtype=torch.long))
    assert found.dtype == expected.dtype
    assert torch.equal(found, expected)


@pytest.mark.parametrize("probabilities", [[0.0] * 4, [1.0, 0.0, 0.0, 0.0], [math.inf, 1.0, 1.0, 1.0]])
@pytest.mark.parametrize("words", [0, 2])
def test_where_nothing_has_a_probability_the_weights_are_the_cause(
    fixed_table: Any, probabilities: list[float], words: int
) -> None:
    """faults.md A5."""
    step = fixed_table(lambda tokens: [0, 0, 0.6, 0.4] if len(tokens) < words else probabilities)
    with pytest.raises(DecodingError, match=r"log-probabilities are not numbers .* weights are damaged"):
        run(greedy_of(step, 1), [5])
