"""Lists of tokens for each sentence, and the logits of these alone."""

import numpy as np
import pytest

from clearhead.decoding.shortlist import Shortlist
from clearhead.errors import DecodingError

# Source 0 becomes nothing, 1 becomes 5 or 2, and 2 becomes 7; every sentence may have 3.
OFFSETS, TARGETS, ALWAYS = np.array([0, 0, 2, 3]), np.array([5, 2, 7]), np.array([3])


def shortlist() -> Shortlist:
    return Shortlist(OFFSETS, TARGETS, ALWAYS, 8)


def lists_of(*sources: list[int]) -> list[list[int]]:
    lists = shortlist().lists(sources, [()] * len(sources))
    return [tokens[:count] for tokens, count in zip(lists.tokens.tolist(), lists.counts.tolist(), strict=True)]


def test_a_sentence_has_what_its_pieces_become_and_what_always_may_be() -> None:
    assert lists_of([1, 2], [0], [2], [1, 1]) == [[2, 3, 5, 7], [3], [3, 7], [2, 3, 5]]


def test_a_sentence_has_what_it_is_given_besides() -> None:
    lists = shortlist().lists([[0], [2]], [[6, 3], []])
    assert lists.tokens.tolist() == [[3, 6], [3, 7]]


def test_what_fills_a_row_up_is_no_token() -> None:
    lists = shortlist().lists([[0], [1]], [(), ()])
    assert lists.tokens.tolist() == [[3, 8, 8], [2, 3, 5]]
    assert lists.counts.tolist() == [1, 3]
    assert np.argwhere(lists.mask()).tolist() == [[0, 3], [1, 2], [1, 3], [1, 5]]


def test_sentences_that_are_kept() -> None:
    lists = shortlist().lists([[0], [1], [2]], [(), (), ()])
    kept = lists.of_sentences(np.array([0, 2]))
    assert kept.tokens.tolist() == [[3, 8, 8], [3, 7, 8]]
    assert kept.counts.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("offsets", "targets", "always", "message"),
    [
        ([0, 2, 1], [1], [], "offsets do not rise from 0 to its 1 targets"),
        ([1, 1], [1], [], "offsets do not rise"),
        ([0, 2], [1], [], "offsets do not rise"),
        ([], [1], [], "offsets do not rise"),
        ([0, 1], [8], [], "target ids from 8 to 8; expected 0 to 7"),
        ([0, 1], [-1], [], "target ids from -1 to -1"),
        ([0, 1], [1], [2, 9], "target ids from 2 to 9"),
    ],
)
def test_what_is_none_is_refused(offsets: list[int], targets: list[int], always: list[int], message: str) -> None:
    arrays = (np.array(each, np.int64) for each in (offsets, targets, always))
    with pytest.raises(DecodingError, match=message):
        Shortlist(*arrays, 8)
