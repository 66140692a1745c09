"""The plan: pure, complete, within its budget."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearhead.data import plan
from clearhead.errors import DataError

LENGTHS = st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=1, max_size=200)


def sides(pairs):
    source, target = np.array(pairs, dtype=np.int32).T
    return source, target


def corpus(count=2_000):
    generator = np.random.default_rng(0)
    target = generator.integers(3, 60, count)
    return target + generator.integers(-2, 3, count), target


def as_lists(batches):
    return [batch.tolist() for batch in batches]


def compositions(batches):
    return {frozenset(batch.tolist()) for batch in batches}


@settings(derandomize=True, max_examples=100, deadline=None)
@given(LENGTHS, st.integers(40, 400), st.integers(0, 2**32), st.integers(0, 1000))
def test_every_example_once_within_the_budget(pairs, batch_tokens, seed, epoch):
    source, target = sides(pairs)
    batches = plan(source, target, batch_tokens=batch_tokens, seed=seed, epoch=epoch)
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(pairs)))
    for batch in batches:
        assert len(batch) * max(source[batch].max(), target[batch].max()) <= batch_tokens


@settings(derandomize=True, max_examples=50, deadline=None)
@given(LENGTHS, st.integers(0, 10))
def test_it_is_a_pure_function(pairs, epoch):
    source, target = sides(pairs)
    before = source.copy(), target.copy()
    first = plan(source, target, batch_tokens=100, seed=1, epoch=epoch)
    np.random.random()  # NumPy's shared generator is somewhere else now.
    second = plan(source, target, batch_tokens=100, seed=1, epoch=epoch)
    assert as_lists(first) == as_lists(second)
    assert (source == before[0]).all()
    assert (target == before[1]).all()


def test_three_sentences_by_hand():
    """Widths 2, 3 and 9 (the longer side); 2 × 3 = 6 fit into 9, 3 × 9 do not."""
    batches = plan(np.array([2, 3, 1]), np.array([1, 2, 9]), batch_tokens=9, seed=0, epoch=0)
    assert compositions(batches) == {frozenset({0, 1}), frozenset({2})}


def test_a_batch_may_be_full_to_the_last_place():
    batches = plan(np.full(8, 5), np.full(8, 5), batch_tokens=20, seed=0, epoch=0)
    assert [len(batch) for batch in batches] == [4, 4]


def test_epochs_and_seeds_differ_in_composition():
    source, target = corpus()
    first = compositions(plan(source, target, batch_tokens=500, seed=1, epoch=0))
    for other in ({"seed": 1, "epoch": 1}, {"seed": 2, "epoch": 0}):
        assert len(first & compositions(plan(source, target, batch_tokens=500, **other))) < 0.2 * len(first)


def test_distinct_lengths_differ_in_composition_too():
    lengths = np.arange(1, 101)
    first, second = (compositions(plan(lengths, lengths, batch_tokens=400, seed=1, epoch=epoch)) for epoch in (0, 1))
    assert first != second


def test_batches_are_not_in_the_order_of_length():
    source, target = corpus()
    widths = [target[batch].max() for batch in plan(source, target, batch_tokens=500, seed=1, epoch=0)]
    assert abs(np.corrcoef(widths, range(len(widths)))[0, 1]) < 0.3


def test_most_places_are_tokens():
    """Equal lengths stand together: a plan in random order would waste half of its places."""
    source, target = corpus()
    batches = plan(source, target, batch_tokens=1_000, seed=1, epoch=0)
    places = sum(len(batch) * (source[batch].max() + target[batch].max()) for batch in batches)
    assert (source.sum() + target.sum()) / places > 0.85


def test_whole_weights_are_copies():
    batches = plan(np.full(3, 2), np.full(3, 2), batch_tokens=100, seed=0, epoch=0, weights=np.array([2.0, 0.0, 1.0]))
    assert sorted(np.concatenate(batches).tolist()) == [0, 0, 2]


def test_a_weight_of_two_and_a_half_is_two_and_sometimes_three():
    """Of 1,000 examples each comes two or three times; 2,500 in all ± 4 standard deviations (4 × √250 = 63)."""
    lengths, weights = np.full(1_000, 4), np.full(1_000, 2.5)
    drawn = [
        np.bincount(np.concatenate(plan(lengths, lengths, batch_tokens=400, seed=0, epoch=epoch, weights=weights)))
        for epoch in (0, 1)
    ]
    for counts in drawn:
        assert set(counts.tolist()) == {2, 3}
        assert abs(counts.sum() - 2_500) < 63
    assert (drawn[0] != drawn[1]).any()


def test_weights_of_one_are_no_weights():
    source, target = corpus(200)
    batches = plan(source, target, batch_tokens=500, seed=1, epoch=0, weights=np.ones(200))
    assert sorted(np.concatenate(batches).tolist()) == list(range(200))


def test_an_epoch_in_which_chance_draws_nothing_is_empty():
    assert plan(np.array([1]), np.array([1]), batch_tokens=9, seed=0, epoch=0, weights=np.array([1e-9])) == []


def test_a_sentence_longer_than_a_batch_is_named():
    with pytest.raises(DataError, match=r"example 1 has 3 source and 50 target tokens.*batch_tokens=40.* to 50 .*38"):
        plan(np.array([3, 3]), np.array([4, 50]), batch_tokens=40, seed=0, epoch=0)


@pytest.mark.parametrize("weights", [[0.0, 0.0], [1.0, -1.0], [1.0, np.nan], [1.0, np.inf], [1.0]])
def test_weights_that_mean_nothing_are_refused(weights):
    with pytest.raises(DataError, match="weights must be finite"):
        plan(np.array([1, 1]), np.array([1, 1]), batch_tokens=9, seed=0, epoch=0, weights=np.array(weights))
