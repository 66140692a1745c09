"""Long sentences."""

from random import Random

from clearhead.street import long
from clearhead.street.held_out import pairs_held_out
from clearhead.street.trees import Sentence


def test_three_to_five_clauses_of_one_tense() -> None:
    """Joined by *and*."""
    random = Random(9)
    for _ in range(100):
        tree = long.draw(random).tree
        assert isinstance(tree, Sentence)
        assert 3 <= len(tree.clauses) <= 5
        assert tree.joint == "and"
        assert len({clause.tense for clause in tree.clauses}) == 1


def test_what_is_taught_is_no_longer_than_four_clauses_and_holds_no_pair_of_the_test() -> None:
    """Two to four of one tense; in none of them, and between none of them, does a held-out pair meet."""
    random, counts = Random(9), set()
    for _ in range(200):
        tree = long.taught(random).tree
        assert isinstance(tree, Sentence)
        counts.add(len(tree.clauses))
        assert tree.joint == "and"
        assert len({clause.tense for clause in tree.clauses}) == 1
        assert not pairs_held_out(tree)
    assert counts == {2, 3, 4}
