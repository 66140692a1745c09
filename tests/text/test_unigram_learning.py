"""Learning a unigram language model, against every way to cut that there is."""

import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest

from clearhead.text.unigram_learning import _Lattice, learn_pieces

WORDS = {"abab": 3, "ab": 2, "cab": 1, "b": 4}
PIECES = ["a", "b", "c", "ab", "ba", "aba", "abab"]
PROBABILITIES = np.array([0.2, 0.1, 0.05, 0.3, 0.15, 0.12, 0.08])


def every_way(word: str, pieces: list[str]) -> Iterator[list[str]]:
    for count in range(len(word)):
        for places in itertools.combinations(range(1, len(word)), count):
            bounds = [0, *places, len(word)]
            parts = [word[start:stop] for start, stop in itertools.pairwise(bounds)]
            if all(part in pieces for part in parts):
                yield parts


def expected_by_hand(words: dict[str, int], pieces: list[str], probabilities: np.ndarray) -> list[float]:
    found = dict.fromkeys(pieces, 0.0)
    for word, frequency in words.items():
        ways = [(way, math.prod(probabilities[pieces.index(one)] for one in way)) for way in every_way(word, pieces)]
        total = sum(probability for _, probability in ways)
        for way, probability in ways:
            for piece in way:
                found[piece] += frequency * probability / total
    return list(found.values())


def test_expected_counts_are_those_over_every_way() -> None:
    lattice, lengths = _Lattice(WORDS, PIECES), np.array([len(one) for one in PIECES])
    found = lattice.expected(PROBABILITIES, lengths, np.array([*WORDS.values()], float))
    assert found == pytest.approx(expected_by_hand(WORDS, PIECES, PROBABILITIES), rel=1e-12)
    # Without two pieces, the same lattice has fewer ways.
    alive = np.array([one not in ("aba", "ab") for one in PIECES])
    lattice.keep(alive)
    fewer = [one for one, lives in zip(PIECES, alive, strict=True) if lives]
    found = lattice.expected(PROBABILITIES, lengths, np.array([*WORDS.values()], float))
    assert found[~alive].tolist() == [0.0, 0.0]
    assert found[alive] == pytest.approx(expected_by_hand(WORDS, fewer, PROBABILITIES[alive]), rel=1e-12)


def test_the_best_way_without_the_whole() -> None:
    """ab·ab: 0.3² beats aba·b, a·ba·b and the others; a character has no other way."""
    found = _Lattice(PIECES, PIECES).best_otherwise(PROBABILITIES)
    expected = [-math.inf] * 3 + [math.log(one) for one in (0.2 * 0.1, 0.1 * 0.2, 0.3 * 0.2, 0.3 * 0.3)]
    assert found == pytest.approx(expected)


def test_a_long_word_is_probable_enough() -> None:
    """0.001 for each of 32 characters, which are cut in one way."""
    found = _Lattice(["x" * 32], ["x"]).expected(np.array([1e-3]), np.array([1]), np.array([5.0]))
    assert found == pytest.approx([160.0])


def test_what_is_left_out_is_what_costs_least() -> None:
    """One of "ab" and "cd" has room: without "ab" a hundred words would be two pieces, without "cd" five."""
    assert learn_pieces({"ab": 100, "cd": 5}, 2).keys() == {"a", "ab"}
    assert learn_pieces({"ab": 5, "cd": 100}, 2).keys() == {"c", "cd"}
    found = learn_pieces({"ab": 100, "cd": 5}, 3)
    assert found.keys() == {"a", "ab", "cd"}
    # Each word is best one piece, 100 and 5 of 105 times.
    assert math.exp(found["ab"]) == pytest.approx(100 / 105, rel=0.03)
    assert sum(map(math.exp, found.values())) == pytest.approx(1.0, abs=1e-4)


def test_a_rare_character_has_no_piece() -> None:
    assert learn_pieces({"ab": 10_000, "b": 10_000, "龘": 1}, 5).keys() == {"a", "b", "ab"}


def test_no_more_than_asked_for_and_the_same_again() -> None:
    words = {"".join(one): 1 + place for place, one in enumerate(itertools.product("abcd", repeat=4))}
    for count in (4, 10, 40):
        found = learn_pieces(words, count)
        assert len(found) <= count
        assert learn_pieces(dict(reversed(words.items())), count) == found
    assert learn_pieces({}, 10) == {}
