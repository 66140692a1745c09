"""Old examples among new ones."""

import numpy as np
import pytest

from clearhead.data import TokenFile, cut, plan
from clearhead.data.replaying import followed_by, replay_weights


def test_the_share_is_one_of_tokens() -> None:
    """Three new examples of 2 tokens and two old ones of 10: 6 new tokens, so that 2 of 8 are 25 %."""
    tokens = np.array([2, 2, 2, 10, 10])
    weights = replay_weights(np.ones(3), np.ones(2), tokens, 0.25)
    assert weights.tolist() == pytest.approx([1, 1, 1, 0.1, 0.1])
    # What comes twice among the old ones still comes twice as often as the others, and so it is of the new ones.
    weights = replay_weights(np.array([1.0, 1.0, 3.0]), np.array([2.0, 1.0]), tokens, 0.5)
    assert weights.tolist() == pytest.approx([1, 1, 3, 2 / 3, 1 / 3])
    assert weights[3:] @ tokens[3:] == pytest.approx(weights[:3] @ tokens[:3])


def test_one_corpus_after_the_other() -> None:
    new = TokenFile(np.array([1, 2, 3], np.uint16), np.array([1, 2], np.int32), np.array([True, False, True]))
    old = TokenFile(np.array([4, 5], np.uint16), np.array([2], np.int32), np.array([False, True]))
    both = followed_by(new, old, np.array([1.0, 1.0, 0.5]))
    assert [one.tolist() for one in both] == [[1], [2, 3], [4, 5]]
    assert both.ids.dtype == np.uint16
    assert both.learned is not None
    assert both.learned.tolist() == [True, False, True, False, True]
    assert followed_by(new, TokenFile(old.ids, old.lengths)).learned is None


def test_each_piece_of_a_document_comes_as_often_as_its_document() -> None:
    """Also where one document is all there is: a quarter of its pieces come in an epoch, other ones in each."""
    documents = TokenFile(np.arange(403) % 7, np.array([2, 401], np.int32), None, np.array([1.0, 0.25]))
    seen = []
    for epoch in range(40):
        windows = cut(documents, 10, seed=1, epoch=epoch)
        assert windows.weights is not None
        assert set(windows.weights[1:]) == {0.25}
        batches = plan(windows.lengths, windows.lengths, batch_tokens=100, seed=1, epoch=epoch, weights=windows.weights)
        drawn = np.concatenate(batches)
        assert (drawn == 0).sum() == 1
        seen.append(int((drawn > 0).sum()))
    assert np.mean(seen) == pytest.approx(10, abs=1.5)
    assert len(set(seen)) > 3
