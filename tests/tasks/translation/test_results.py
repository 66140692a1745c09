"""What a search gives, as text."""

import math

import pytest

from clearhead.bundle import Bundle
from clearhead.decoding import Hypothesis, SearchOptions
from clearhead.tasks.translation import BLANK, Translation, as_text, rescored


def test_confidence_is_a_geometric_mean() -> None:
    """Of 1/2 and 1/8: 1/4."""
    one = Translation("", 0.0, 0.0, (1, 2), (math.log(1 / 2), math.log(1 / 8)), True)
    assert one.confidence == pytest.approx(0.25)
    assert BLANK.confidence == 1.0


def test_the_end_is_no_text(two_languages: Bundle) -> None:
    tokenizer = two_languages.target_tokenizer
    ids = (*tokenizer.encode("un deux"), tokenizer.end)
    found = as_text(Hypothesis(ids, -5.0, -3.0, (-1.0,) * len(ids), True), tokenizer)
    assert (found.text, found.tokens, found.score, found.finished) == ("un deux", ids, -3.0, True)


def test_each_hypothesis_keeps_its_place(two_languages: Bundle) -> None:
    """What is scored again is what `score` gives for the same text, whatever the search had said."""
    tokenizer, source = two_languages.target_tokenizer, two_languages.source_tokenizer
    options = SearchOptions(begin=tokenizer.begin, end=tokenizer.end)
    said = {
        text: Hypothesis((*tokenizer.encode(text), tokenizer.end), 0.0, 0.0, (), True)
        for text in ("un", "deux", "trois")
    }
    sources = [[source.tag("fr"), *source.encode(text), source.end] for text in ("one", "two")]
    found = rescored(two_languages._serving.precise(), sources, [[said["un"], said["deux"]], [said["trois"]]], options)
    expected = two_languages.score(["one", "one", "two"], ["un", "deux", "trois"], "fr", length_penalty="mean:1.0")
    assert [len(one) for one in found] == [2, 1]
    for one, other in zip((*found[0], *found[1]), expected, strict=True):
        assert one.tokens == other.tokens
        assert one.score == pytest.approx(other.score, abs=1e-9)
