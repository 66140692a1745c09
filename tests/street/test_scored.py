"""The test sets."""

from collections import Counter

from clearhead.street import DIRECTIONS, Corpus
from clearhead.street.agreement import LONGEST
from clearhead.street.examples import is_long


def test_sizes(corpus: Corpus) -> None:
    """At least 300 sentences each, and 50 of every distance."""
    sizes = Counter((one.direction, one.phenomenon) for one in corpus.test)
    assert len(sizes) == 15
    assert min(sizes.values()) >= 300
    distances = Counter((one.direction, one.distance) for one in corpus.test if one.phenomenon == "agreement")
    assert set(distances) == {(direction, distance) for direction in DIRECTIONS for distance in range(LONGEST + 1)}
    assert min(distances.values()) >= 50


def test_each_has_a_deciding_pair(corpus: Corpus) -> None:
    """All but long, where the length alone is new."""
    for one in corpus.test:
        assert all(one.deciding) != (one.phenomenon == "long")


def test_long_is_longer_than_training(corpus: Corpus) -> None:
    """On both sides."""
    for direction in DIRECTIONS:
        trained = [one for one in corpus.train if one.direction == direction]
        long = [one for one in corpus.test if (one.direction, one.phenomenon) == (direction, "long")]
        assert min(one.source.count(" ") for one in long) > max(one.source.count(" ") for one in trained)
        assert min(one.target.count(" ") for one in long) > max(one.target.count(" ") for one in trained)
        assert all(is_long(one) for one in long)


def test_answers_are_balanced(corpus: Corpus) -> None:
    """Each answer in each order, a quarter of the coreference sentences."""
    for direction in DIRECTIONS:
        cells = Counter(
            (one.answer, one.order)
            for one in corpus.test
            if (one.direction, one.phenomenon) == (direction, "coreference")
        )
        assert set(cells.values()) == {100}
        assert len(cells) == 4
