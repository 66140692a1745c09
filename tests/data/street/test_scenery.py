"""Times and places."""

from clearhead.data.street import scenery


def test_each_time_has_one_tense() -> None:
    """So that no sentence leaves its tense open."""
    assert sum(map(len, scenery.times_of.values())) == len(scenery.times) == len({time.key for time in scenery.times})
    assert {time.key for time in scenery.times_of["future"]} == {"tomorrow", "next week"}


def test_greetings_end_like_sentences() -> None:
    """In all three languages."""
    assert all(text.endswith(".") for greeting in scenery.greetings for text in greeting)
