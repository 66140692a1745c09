"""Hypotheses: their sums, their order, and what is no probability."""

import math

import pytest

from clearhead.decoding.hypothesis import best_first, make_hypothesis
from clearhead.decoding.options import SearchOptions
from clearhead.decoding.scores import LengthPenalty
from clearhead.errors import DecodingError

OPTIONS = SearchOptions(begin=0, end=1, length_penalty=LengthPenalty("mean", 1.0))


def test_sums_and_scores() -> None:
    """-1.5 over three tokens is -0.5 a token."""
    found = make_hypothesis([4, 5, 1], [-0.5, -0.75, -0.25], OPTIONS, True)
    assert (found.log_probability, found.score, found.finished) == (-1.5, -0.5, True)
    assert not make_hypothesis([4, 5], [-1.0, -1.0], OPTIONS, False).finished


@pytest.mark.parametrize("broken", [math.nan, -math.inf])
def test_what_is_no_probability_is_refused(broken: float) -> None:
    """faults.md A5."""
    with pytest.raises(DecodingError, match="weights are damaged"):
        make_hypothesis([4, 1], [-0.5, broken], OPTIONS, True)


def test_finished_ones_go_before_better_ones() -> None:
    made = [
        make_hypothesis(ids, [score] * len(ids), OPTIONS, ids[-1] == 1)
        for ids, score in (([4], -0.1), ([1], -3.0), ([5, 1], -2.0))
    ]
    assert [one.tokens for one in best_first(made)] == [(5, 1), (1,), (4,)]
