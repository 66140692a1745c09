"""What is asked of a search on the command line, and refused before a model is loaded."""

from typing import Any

import pytest

from clearhead.bundle import Bundle
from clearhead.cli.asked_search import AskedSearch, check_search, given_rules, rules_with
from clearhead.decoding import Rules, Sampling
from clearhead.errors import DecodingError


def test_what_searches_can_do_passes() -> None:
    check_search()
    check_search(beam_size=3, top_beams=3, length_penalty="gnmt:0.6", search="huggingface:early")
    check_search(sampling=Sampling(0.5), rules={"min_tokens": 3})
    check_search(beam_groups=3, diversity_penalty=0.2)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"beam_size": 0}, "beam_size"),
        ({"beam_size": 2, "top_beams": 3}, "top_beams"),
        ({"length_penalty": "long"}, "long"),
        ({"search": "fairseq"}, "fairseq"),
        ({"beam_size": 3, "beam_groups": 2}, "beam_groups"),
        ({"beam_groups": 0}, "beam_groups"),
        ({"diversity_penalty": 0.5}, "diversity_penalty"),
        ({"rules": {"repetition_penalty": -1.0}}, "repetition_penalty"),
    ],
)
def test_what_no_search_can_do(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(DecodingError, match=message) as caught:
        check_search(**asked)
    assert "\n" not in str(caught.value)


def test_it_is_refused_when_it_is_asked_for() -> None:
    with pytest.raises(DecodingError, match="top_beams"):
        AskedSearch(beam_size=2, top_beams=3)


def test_what_is_asked_is_found(two_languages: Bundle) -> None:
    """As a bundle's own method finds it; the model's rules hold beside those that are given."""
    asked = AskedSearch(beam_size=3, top_beams=2, length_penalty="none", rules={"max_tokens": 4})
    [found] = two_languages.search(["one two"], "fr", **asked.of(two_languages))
    expected = two_languages.search(
        ["one two"], "fr", beam_size=3, top_beams=2, length_penalty="none", rules=Rules(max_tokens=4)
    )
    assert [found] == expected
    assert len(found) == 2
    assert all(len(one.tokens) <= 5 for one in found)


def test_rules_that_are_given_stand_in_place_of_a_models() -> None:
    """What is not given stays the model's; 0 is given."""
    given = given_rules(0, None, 4)
    assert given == {"no_repeat_ngram_size": 0, "min_tokens": 4}
    own = Rules(no_repeat_ngram_size=3, repetition_penalty=1.5)
    assert rules_with(own, given) == Rules(no_repeat_ngram_size=0, repetition_penalty=1.5, min_tokens=4)
    assert rules_with(own, {}) == own
