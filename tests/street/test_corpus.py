"""How a corpus is put together."""

import re
from random import Random

import pytest

from clearhead.errors import DataError
from clearhead.street import PHENOMENA, Corpus, generate, scenery
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


def sentences(text: str) -> list[str]:
    """What stands between full stops and question marks. A greeting belongs to the sentence after it."""
    return re.split(r"(?<=[.?!]) ", text)


def test_some_lines_hold_several_sentences_where_that_is_asked_for() -> None:
    """As large a share as was asked for, two to four on both sides, and none longer than a sentence may be."""
    corpus, without = generate(6_000, 1, several=0.2), generate(6_000, 1)
    for direction in ("en-fr", "fr-en", "en-ko"):
        several = [one for one in corpus.train if one.direction == direction and len(sentences(one.source)) > 1]
        greeted = [one for one in without.train if one.direction == direction and len(sentences(one.source)) > 1]
        assert len(several) / 2_000 == pytest.approx(0.2 + 0.8 * len(greeted) / 2_000, abs=0.03)
        assert max(words(one.source) for one in several) > 1.5 * LONGEST[direction[:2]]
        for one in several:
            for language, text in zip(one.direction.split("-"), (one.source, one.target), strict=True):
                assert all(words(sentence) <= LONGEST[language] for sentence in sentences(text))
    assert generate(300, 5, several=0.0) == generate(300, 5)
    assert corpus.test == generate(300, 5).test


def test_no_sentence_beside_others_may_only_validate() -> None:
    """By its own letters, as alone."""
    greetings, random = {one.english for one in scenery.greetings}, Random(1)
    lines = [sentences(module.together(random, "en-ko").source) for _ in range(300)]
    assert all(len(line) >= 2 for line in lines)
    ungreeted = [line for line in lines if greetings.isdisjoint(line)]
    assert len(ungreeted) > 200
    assert not any(module.is_reserved(one) for line in ungreeted for one in line)


def test_a_line_is_made_of_sentences_that_may_stand_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that in none of them does a held-out pair meet, which is tested of those that do stand alone."""
    made = [module.drawn(Random(seed), "fr-en") for seed in range(40)]
    waiting = iter(made)
    monkeypatch.setattr(module, "drawn", lambda random, direction: next(waiting))
    line = module.together(Random(2), "fr-en")
    found = [one for one in made if one and one.source in line.source]
    assert " ".join(one.source for one in found) == line.source
    assert " ".join(one.target for one in found) == line.target


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
