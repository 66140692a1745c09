"""How a corpus is put together."""

import pytest

from clearhead.errors import DataError
from clearhead.street import PHENOMENA, Corpus, generate
from clearhead.street import corpus as module
from clearhead.street.agreement import TRAINED
from clearhead.street.examples import LONGEST, words


def test_a_seed_gives_one_corpus() -> None:
    """The same twice, another with another seed, and the test sets always the same."""
    first, again, other = generate(300, 5), generate(300, 5), generate(600, 6)
    assert first == again
    assert first.train != other.train[: len(first.train)]
    assert first.test == other.test


def test_shares_and_lengths(corpus: Corpus) -> None:
    """Each phenomenon but *long* is trained on, none beyond its limits."""
    found = {(one.direction, one.phenomenon) for one in corpus.train}
    assert found == {(direction, name) for direction in ("en-fr", "fr-en", "en-ko") for name in PHENOMENA[:-1]}
    for one in corpus.train:
        source, target = one.direction.split("-")
        assert words(one.source) <= LONGEST[source]
        assert words(one.target) <= LONGEST[target]
        assert (one.distance or 0) <= TRAINED
    lowered = sum(not one.source.endswith(".") for one in corpus.train) / len(corpus.train)
    assert 0.10 < lowered < 0.25


def test_rows_of_clauses_are_trained(corpus: Corpus) -> None:
    """Three clauses, and each length up to the longest: what `long` then tests is length alone."""
    for direction, joint in (("en-fr", " and "), ("fr-en", " et "), ("en-ko", " and ")):
        sources = [one.source for one in corpus.train if one.direction == direction]
        assert sum(source.count(joint) == 2 for source in sources) > 0.015 * len(sources)
        assert {words(source) for source in sources} >= set(range(1, LONGEST[direction[:2]] + 1))


def test_every_distance_is_trained(corpus: Corpus) -> None:
    """0 to the training maximum, in every direction."""
    for direction in ("en-fr", "fr-en", "en-ko"):
        found = {one.distance for one in corpus.train if one.direction == direction and one.phenomenon == "agreement"}
        assert found == set(range(TRAINED + 1))


def test_validation_is_set_aside(corpus: Corpus) -> None:
    """300 a direction, by their own letters."""
    for direction in ("en-fr", "fr-en", "en-ko"):
        assert sum(one.direction == direction for one in corpus.validate) == 300
    assert all(module.is_reserved(one.source) for one in corpus.validate)


def test_too_few_pairs_are_refused() -> None:
    """In one line that says what was asked for."""
    with pytest.raises(DataError, match="pairs=2"):
        generate(2, 1)
