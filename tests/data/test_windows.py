"""Documents in pieces: each place in one of them, at other cuts in each epoch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearhead.data import TokenFile, Windows, cut, cut_to_judge

# No id of these documents.
PADDING = 60_000


def documents(*lengths: int) -> TokenFile:
    """Of so many ids each, which are all different: 0, 1, 2, …"""
    return TokenFile(np.arange(sum(lengths), dtype=np.uint16), np.array(lengths, np.int32))


def pieces(windows: Windows) -> list[tuple[list[int], list[int]]]:
    """What each piece reads, and what it predicts."""
    found = []
    for index in range(len(windows.lengths)):
        read, _ = windows.gather(np.array([index]))
        known = windows.known[index]
        found.append((read.tolist(), windows.following(np.array([index]), PADDING).tolist()[known:]))
    return found


@given(lengths=st.lists(st.integers(2, 40), min_size=1, max_size=6), length=st.integers(1, 12), epoch=st.integers(0, 5))
def test_each_token_is_predicted_once_after_the_one_before_it(lengths: list[int], length: int, epoch: int) -> None:
    """All ids but the first of each document, and none is read across two documents."""
    file = documents(*lengths)
    found = pieces(cut(file, length, seed=1, epoch=epoch))
    predicted = sorted(one for _, following in found for one in following)
    first = set(file.begins.tolist())
    assert predicted == [one for one in range(sum(lengths)) if one not in first]
    for read, following in found:
        assert 1 <= len(read) <= length
        assert following == [one + 1 for one in read]


@given(
    lengths=st.lists(st.integers(2, 40), min_size=1, max_size=6), length=st.integers(2, 12), context=st.integers(0, 11)
)
def test_to_judge_each_is_predicted_once_with_its_context(lengths: list[int], length: int, context: int) -> None:
    context = min(context, length - 1)
    file = documents(*lengths)
    found = pieces(cut_to_judge(file, length, context))
    first = set(file.begins.tolist())
    assert sorted(one for _, following in found for one in following) == [
        one for one in range(sum(lengths)) if one not in first
    ]
    for read, following in found:
        assert len(read) <= length
        begin = max(one for one in first if one <= read[0])
        # What is read before the first that is predicted: all of the document, or the context.
        assert read[0] == begin or following[0] - 1 - read[0] == context


def test_cuts_are_other_ones_in_each_epoch_and_for_each_seed() -> None:
    file = documents(1000)
    cuts = [cut(file, 64, seed=seed, epoch=epoch).starts.tolist() for seed, epoch in ((1, 0), (1, 1), (2, 0), (1, 0))]
    assert cuts[0] == cuts[3]
    assert cuts[0] != cuts[1]
    assert cuts[0] != cuts[2]
    lengths = cut(file, 64, seed=1, epoch=0).lengths
    assert set(lengths[1:-1].tolist()) == {64}


def test_what_fits_is_not_cut() -> None:
    windows = cut(documents(5, 9), 8, seed=1, epoch=3)
    assert (windows.starts.tolist(), windows.lengths.tolist()) == ([0, 5], [4, 8])


@pytest.mark.parametrize("context", [0, 3])
def test_to_judge_cuts_begin_at_the_beginning(context: int) -> None:
    windows = cut_to_judge(documents(12), 5, context)
    assert windows.starts[:2].tolist() == [0, 5 - context]
    assert windows.known.tolist() == [0, *[context] * (len(windows.known) - 1)]


@pytest.mark.parametrize("length", [1, 2, 3, 8])
def test_where_masked_places_are_predicted_the_end_is_read_too(length: int) -> None:
    """Each id of the file stands in one piece, in each epoch and in a validation."""
    file = documents(2, 8, 3)
    for windows in (cut(file, length, seed=1, epoch=2, ahead=0), cut_to_judge(file, length, ahead=0)):
        read, lengths = windows.gather(np.arange(len(windows.lengths)))
        assert sorted(read.tolist()) == list(range(13))
        assert lengths.max() <= length
        assert not windows.known.any()


def test_what_is_not_learned_is_read_and_not_predicted() -> None:
    """A document whose last two ids are learned, in pieces of two places: the piece without any is no row."""
    learned = np.array([False, False, False, False, False, True, True])
    file = TokenFile(np.arange(7, dtype=np.uint16), np.array([7], np.int32), learned)
    windows = cut_to_judge(file, 2)
    assert windows.starts.tolist() == [4]
    assert pieces(windows) == [([4, 5], [5, 6])]
    assert pieces(cut_to_judge(file, 6)) == [([0, 1, 2, 3, 4, 5], [PADDING] * 4 + [5, 6])]


@given(st.lists(st.booleans(), min_size=2, max_size=40), st.integers(2, 12), st.integers(0, 11), st.integers(0, 3))
def test_each_learned_id_is_predicted_once(learned: list[bool], length: int, context: int, epoch: int) -> None:
    """But the first, which nothing is read before."""
    learned[0] = False
    file = TokenFile(np.arange(len(learned), dtype=np.uint16), np.array([len(learned)], np.int32), np.array(learned))
    for windows in (cut(file, length, seed=1, epoch=epoch), cut_to_judge(file, length, min(context, length - 1))):
        found = pieces(windows)
        predicted = sorted(one for _, following in found for one in following if one != PADDING)
        assert predicted == [place for place, one in enumerate(learned) if one]
        assert all(any(one != PADDING for one in following) for _, following in found)
