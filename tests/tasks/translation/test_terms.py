"""Which terms stand in a text, and how a tokenizer writes what is to be in its translation."""

import pytest

from clearhead.bundle import load
from clearhead.decoding.phrases import Phrase
from clearhead.errors import UsageError
from clearhead.tasks.translation.terms import Terms, asked_for, is_word, phrases
from clearhead.text import CharacterTokenizer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The dog sleeps.", ["chien"]),
        ("A hot dog, please!", ["hot-dog"]),
        ("Dogs and doghouses", []),
        ("Dog owners love the dog.", ["chien"]),
        ("dog (hot dog)", ["chien", "hot-dog"]),
        ("I saw Dog.", []),
        ("서울에서 왔다", ["Séoul"]),
        ("북서울", []),
        ("私は東京都に住む", ["Tokyo"]),
        ("", []),
    ],
)
def test_terms_are_whole_words_the_longest_first(text: str, expected: list[str]) -> None:
    """A particle follows a Korean word without a space, and Japanese has none between words."""
    terms = Terms({"dog": "chien", "hot dog": "hot-dog", "서울": "Séoul", "東京": "Tokyo"})
    assert terms.in_text(text) == expected


def test_words_end_where_letters_do() -> None:
    assert is_word("a dog.", 2, 5)
    assert not is_word("a dogs", 2, 5)
    assert not is_word("underdog", 5, 8)


@pytest.mark.parametrize("terms", [{"dog": " "}, {"": "chien"}, {"dog": 3}, ["dog"]])
def test_terms_that_are_none_are_refused(terms: object, signatures_unchecked: None) -> None:
    with pytest.raises(UsageError, match="give"):
        Terms(terms)  # type: ignore[arg-type]


def test_a_phrase_is_written_with_a_space_where_it_is_not_the_first() -> None:
    tokenizer = load("street").target_tokenizer
    [found] = phrases([" le chien "], tokenizer)
    assert tokenizer.decode(found.opening) == "le chien"
    assert tokenizer.decode((*tokenizer.encode("Avec"), *found.inside)) == "Avec le chien"
    # In scripts without spaces it is written as it is.
    [found] = phrases(["東京"], tokenizer)
    assert tokenizer.decode(found.inside) == "東京"
    assert phrases(["le", "le"], tokenizer) == phrases(["le"], tokenizer)


def test_what_the_model_cannot_write_is_refused() -> None:
    tokenizer = CharacterTokenizer.learn(["abc de"])
    assert phrases(["bad"], tokenizer)[0].inside == (*tokenizer.encode(" bad"),)
    with pytest.raises(UsageError, match="the model cannot write '☃'"):
        phrases(["☃"], tokenizer)


def test_each_text_asks_for_its_own() -> None:
    tokenizer = load("street").target_tokenizer
    assert asked_for(["a", None], tokenizer, None, ()) is None
    terms = Terms({"dog": "chien"})
    [first, blank, other] = asked_for(["a dog", None, "a cat"], tokenizer, terms, ["hier"]) or []
    assert (first, blank, other) == (phrases(["hier", "chien"], tokenizer), (), phrases(["hier"], tokenizer))
    assert all(isinstance(one, Phrase) for one in first)
