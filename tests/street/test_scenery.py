"""Times and places."""

from clearhead.street import scenery


def test_each_time_has_one_tense() -> None:
    """So that no sentence leaves its tense open."""
    assert sum(map(len, scenery.times_of.values())) == len(scenery.times) == len({time.key for time in scenery.times})
    assert {time.key for time in scenery.times_of["future"]} == {"tomorrow", "next week"}


def test_greetings_end_like_sentences() -> None:
    """In all three languages alike; before a question mark French has a space."""
    for greeting in (*scenery.greetings, *scenery.english_greetings):
        assert {text[-1] for text in greeting} in ({"."}, {"?"})
        assert greeting.french.endswith(" ?") == greeting.english.endswith("?")


def test_each_greeting_has_one_translation() -> None:
    """From French, that of `greetings` alone."""
    every = (*scenery.greetings, *scenery.english_greetings)
    assert len({one.english for one in every}) == len(every)
    assert len({one.french for one in scenery.greetings}) == len(scenery.greetings)
    assert {one.french for one in scenery.english_greetings} <= {one.french for one in scenery.greetings}
