"""Which of two kinds of text others are like."""

import math

import pytest

from clearhead.street import generate
from clearhead.text import are_like_sources, are_swapped
from clearhead.text.resemblance import Resemblance

ARTICLES = [
    "The council said on Monday that the bridge across the river would be closed for repairs till the end of the year.",
    "A farmer in the north found a coin from the third century while he was looking for a lost sheep in the snow.",
    "The company will open two hundred shops next year, its director told reporters after the meeting in the capital.",
    "Heavy rain has filled the lakes of the region again, and the water is clean enough to drink, the office found.",
] * 10
SUMMARIES = [
    "the bridge across the river would be closed", "a farmer found a coin", "the company will open two hundred shops",
    "heavy rain has filled the lakes",
] * 10  # fmt: skip


def test_by_hand() -> None:
    """Of " ab" and "ab " one each in the first and none in the second: (1 + ½) / (0 + ½)."""
    kinds = Resemblance(["ab"], ["cd"])
    assert kinds.leaning(["AB", " ab "]) == pytest.approx(math.log(3))
    assert kinds.leaning(["cd"]) == pytest.approx(-math.log(3))
    assert kinds.leaning(["ef"]) == pytest.approx(0)
    assert kinds.leaning([]) == 0


def pairs(direction: str, count: int = 120) -> tuple[list[str], list[str]]:
    found = [one for one in generate(900, 1).train if one.direction == direction][:count]
    return [one.source for one in found], [one.target for one in found]


@pytest.mark.parametrize("direction", ["en-fr", "en-ko", "fr-en"])
def test_two_languages(direction: str) -> None:
    sources, targets = pairs(direction)
    like = sources[:60], targets[:60]
    assert are_swapped(targets[60:], sources[60:], like)
    assert not are_swapped(sources[60:], targets[60:], like)
    assert are_like_sources(sources, targets, sources[:10])
    assert not are_like_sources(sources, targets, targets[:10])


def test_one_language() -> None:
    """A summary that copies from its article is like it, and both are what they should be."""
    assert not are_like_sources(ARTICLES, SUMMARIES, SUMMARIES)
    assert not are_like_sources(ARTICLES, ARTICLES, ARTICLES)
    assert not are_swapped(ARTICLES, ARTICLES, (ARTICLES, ARTICLES))
    assert not are_like_sources(["one"], ["un"], ["un"])
