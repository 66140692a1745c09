"""Long sentences."""

from random import Random

from clearhead.street import long
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
