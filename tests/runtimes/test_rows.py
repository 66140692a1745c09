"""What a state in PyTorch is asked: tests/runtimes/test_runtime.py holds that every runtime refuses the same."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from clearhead.errors import DecodingError
from clearhead.model import DecoderOnlyConfig
from clearhead.runtimes.rows import Rows
from clearhead.runtimes.runtime import Sizes

SIZES = Sizes(source_vocabulary=7, target_vocabulary=5, max_length=6, decoder_layers=1, width=4)


def two_of_two() -> Rows:
    """Two sentences of two rows each, after one step; a step further is the last."""
    rows = Rows(SIZES, [[5, 2], [6]], 2, most=2)
    tokens, parents = np.array([[1, 2], [3, 4]]), np.array([[0, 0], [1, 1]])
    rows.check(tokens, parents)
    rows.advance(tokens)
    return rows


@pytest.mark.parametrize(
    ("sources", "capacity", "message"),
    [
        ([], 2, "there are no ids"),
        ([[1], []], 2, "a source has 0 tokens, expected 1 to 6"),
        ([[1] * 7], 2, "a source has 7 tokens"),
        ([[1], [0, 7]], 2, "ids from 0 to 7 are given but the model knows 0 to 6"),
        ([[-1]], 2, "ids from -1 to -1"),
        ([[1]], 0, "capacity=0 is not a whole number"),
        ([[1]], 7, "capacity=7 is more than the model's 6"),
    ],
)
def test_what_cannot_be_begun(sources: Any, capacity: int, message: str) -> None:
    with pytest.raises(DecodingError, match=message) as error:
        Rows(SIZES, sources, capacity)
    assert "\n" not in str(error.value)


SHARED = SIZES._replace(shares_positions=True)


def test_sizes_are_those_of_a_config() -> None:
    """A decoder-only model has one vocabulary; what has two beside it is no such model."""
    gpt = DecoderOnlyConfig(vocabulary=7, layers=3, width=8, heads=2, kv_heads=1, max_length=6)
    assert Sizes.of(gpt) == Sizes(7, 7, 6, 3, 4, shares_positions=True)
    other = SimpleNamespace(vocabulary=7, source_vocabulary=7, target_vocabulary=7, max_length=6, width=8)
    assert Sizes.of(other) == Sizes(7, 7, 6, 1, 8)


@pytest.mark.parametrize(("sources", "capacity"), [([[]], 6), ([[], [1, 2]], 4), ([[1] * 5], 1)])
def test_where_both_share_positions_a_source_may_be_empty(sources: Any, capacity: int) -> None:
    Rows(SHARED, sources, capacity)
    with pytest.raises(DecodingError, match=f"capacity={capacity + 1} is more than the model's {capacity}"):
        Rows(SHARED, sources, capacity + 1)


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ([], "there are no ids"),
        ([[1] * 6], "a source has 6 tokens, expected 0 to 5"),
        ([[], [7]], "ids from 7 to 7"),
    ],
)
def test_what_cannot_be_begun_where_both_share_positions(sources: Any, message: str) -> None:
    with pytest.raises(DecodingError, match=message):
        Rows(SHARED, sources, 1)


@pytest.mark.parametrize(
    ("tokens", "parents"),
    [
        ([[0, 4], [1, 2]], None),
        ([[0, 4], [1, 2]], [[0, 0], [2, 3]]),
        ([[0, 4], [1, 2]], [[3, 2], [1, 0]]),
        ([[0, 4]], [[3, 2]]),
        ([[1]], [[0]]),
    ],
)
def test_what_may_be_asked(tokens: Any, parents: Any) -> None:
    rows = two_of_two()
    rows.check(np.array(tokens), None if parents is None else np.array(parents))
    rows.advance(np.array(tokens))
    assert (rows.sentences, rows.beams, rows.position) == (*np.shape(tokens), 2)


@pytest.mark.parametrize(
    ("tokens", "parents", "message"),
    [
        ([[0, 5], [1, 2]], None, "ids from 0 to 5 are given but the model knows 0 to 4"),
        ([[0, 4]], None, r"tokens: expected int64 of shape \(2, 2\), not int64 of shape \(1, 2\)"),
        ([0, 4], None, "tokens: expected an array of 2 dimensions"),
        ([[0.0, 4.0], [1.0, 2.0]], None, "not float64"),
        ([[0, 4], [1, 2]], [[0, 0], [2, 4]], "rows from 0 to 4, where there are 4"),
        ([[0, 4], [1, 2]], [[-1, 0], [2, 3]], "rows from -1 to 3"),
        ([[0, 4], [1, 2]], [[0, 2], [2, 3]], "rows of two sentences for one"),
        ([[0, 4], [1, 2]], [[0, 1], [1, 0]], "rows of one sentence for two"),
        ([[0, 4], [1, 2]], [[0, 1]], "parents: expected int64 of shape"),
        ([[0, 1, 2]], [[0, 0, 0]], "3 rows a sentence are more than the 2"),
        (np.zeros((0, 2), np.int64), np.zeros((0, 2), np.int64), "one row or more"),
    ],
)
def test_what_may_not_be_asked(signatures_unchecked: None, tokens: Any, parents: Any, message: str) -> None:
    rows = two_of_two()
    with pytest.raises(DecodingError, match=message) as error:
        rows.check(np.array(tokens), None if parents is None else np.array(parents))
    assert "\n" not in str(error.value)


def test_more_steps_than_were_asked_for() -> None:
    rows = two_of_two()
    rows.advance(np.array([[0, 4], [1, 2]]))
    with pytest.raises(DecodingError, match="step 3 is more than the 2 asked for"):
        rows.check(np.array([[0, 4], [1, 2]]), None)
