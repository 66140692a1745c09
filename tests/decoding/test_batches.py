"""Sentences of about one length together."""

from hypothesis import given
from hypothesis import strategies as st

from clearhead.decoding.batches import batches


def test_batches_are_longest_first_and_stay_within_the_budget() -> None:
    """8 alone; 5 and 5 make 10; 3, 3 and 1 make 9; 12 is wider than the budget and alone."""
    assert list(batches([3, 5, 12, 1, 8, 5, 3], budget=10)) == [[2], [4], [1, 5], [0, 6, 3]]
    assert list(batches([], budget=10)) == []


@given(st.lists(st.integers(1, 50), max_size=40), st.integers(1, 60))
def test_each_is_in_one_batch_and_none_is_too_large(widths: list[int], budget: int) -> None:
    made = list(batches(widths, budget))
    assert sorted(number for batch in made for number in batch) == list(range(len(widths)))
    for batch in made:
        assert len(batch) == 1 or len(batch) * max(widths[number] for number in batch) <= budget
    # Longest first.
    flat = [widths[number] for batch in made for number in batch]
    assert flat == sorted(flat, reverse=True)
