"""The tuples of the lexicon."""

from clearhead.street import nouns, verbs


def test_classes_of_nouns() -> None:
    """Names and pronouns are proper; persons and animals animate."""
    assert nouns.by_key["I"].is_proper
    assert not nouns.by_key["boy"].is_proper
    assert nouns.by_key["boy"].is_animate
    assert not nouns.by_key["street"].is_animate


def test_tense_that_does_not_show() -> None:
    """read, read; but eat, ate."""
    assert verbs.by_key["read"].past_looks_present
    assert not verbs.by_key["eat"].past_looks_present
