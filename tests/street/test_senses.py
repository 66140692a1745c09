"""The ambiguous words and their fields."""

from collections import Counter

from clearhead.street import nouns, senses


def test_each_word_has_two_senses_in_two_fields() -> None:
    """And in French and Korean two names, or the sense would not show."""
    for group in (senses.english, senses.french):
        for word, count in Counter(sense.word for sense in group).items():
            both = [sense for sense in group if sense.word == word]
            assert count == 2
            assert len({sense.field for sense in both}) == 2
    for word in {sense.word for sense in senses.english}:
        both = [sense.noun for sense in senses.english if sense.word == word]
        assert len({noun.french for noun in both}) == len({noun.korean for noun in both}) == 2


def test_a_cue_tells_the_field_and_not_the_answer() -> None:
    """It is in one field, with three words or more, and is kept from at most one of them."""
    all_cues = [(field, cue.key) for field, cues in senses.cues.items() for cue in cues]
    for group in (senses.english, senses.french):
        used = {sense.field for sense in group}
        for field, cue in all_cues:
            if field in used:
                noun = next(noun for noun in senses.cues[field] if noun.key == cue)
                here = [sense for sense in group if sense.field == field]
                assert len(here) >= 3
                assert sum(senses.held_out_cue(sense, group, noun) for sense in here) <= 1


def test_each_word_keeps_most_cues() -> None:
    """Of those that tell it, at least five in training and one to three in the test."""
    for group in (senses.english, senses.french):
        for sense in group:
            held = [senses.held_out_cue(sense, group, cue) for cue in senses.cues_of(sense)]
            assert 1 <= sum(held) <= 3
            assert held.count(False) >= 5


def test_ambiguous_words_occur_nowhere_else() -> None:
    """In the rest of the lexicon *bank* or *glace* would have one translation too many."""
    english = {sense.word for sense in senses.english}
    french = {sense.word for sense in senses.french}
    others = [*nouns.everything, *(cue for cues in senses.cues.values() for cue in cues)]
    assert not english & {noun.english for noun in others}
    assert not french & {noun.french for noun in others}
    assert not french & {sense.noun.french for sense in senses.english}


def test_a_cue_of_its_own_is_no_other_noun() -> None:
    """Two nouns of one name would let a held-out pair of the one meet as a pair of the other."""
    for cues in senses.cues.values():
        for cue in cues:
            same = [noun for noun in nouns.everything if noun.english == cue.english]
            assert same in ([], [cue]), cue.english


def test_wholes_are_cues() -> None:
    """A misspelt whole would silently never be drawn."""
    for key, names in senses.wholes.items():
        cues = {cue.key for cue in senses.cues[key.split("/")[1]]}
        assert set(names) <= cues, key


def test_of_tells_nothing() -> None:
    """A word has a whole in training in both of its senses or in none."""
    for group in (senses.english, senses.french):
        for word in {sense.word for sense in group}:
            assert len({bool(trained_wholes(sense, group)) for sense in group if sense.word == word}) == 1, word


def trained_wholes(sense: senses.Sense, group: tuple[senses.Sense, ...]) -> list[str]:
    """The wholes with which a word of this sense is seen in training."""
    wholes = senses.wholes.get(sense.noun.key, ())
    return [
        cue.key for cue in senses.cues_of(sense) if cue.key in wholes and not senses.held_out_cue(sense, group, cue)
    ]
