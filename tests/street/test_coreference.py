"""Coreference: balance, and who owns what."""

import re
from collections import Counter
from random import Random

from clearhead.street import adjectives, coreference, english, french
from clearhead.street.trees import Sentence


def test_a_cue_comes_in_both_orders_and_genders() -> None:
    """For each of the frequent cues, either noun and either gender between a third and two thirds of the time."""
    random = Random(2)
    draws = [coreference.draw(random) for _ in range(12_000)]
    total = Counter(draw.cue for draw in draws)
    first = Counter(draw.cue for draw in draws if draw.answer == "first")
    for cue, count in total.items():
        assert count < 60 or 0.33 < first[cue] / count < 0.67, cue


def test_the_candidates_of_the_test_differ_in_gender() -> None:
    """And the pronoun is that of the referent."""
    random = Random(3)
    for _ in range(300):
        draw = coreference.draw(random, test=True)
        assert draw.order in ("mf", "fm")
        assert isinstance(draw.tree, Sentence)
        feminine = draw.order[0 if draw.answer == "first" else 1] == "f"
        assert (" qu'elle " in french.sentence(draw.tree)) == feminine
        assert " because it was too " in english.sentence(draw.tree) or " because it is too " in english.sentence(
            draw.tree
        )


def test_nouns_of_both_genders_in_both_roles() -> None:
    """As many animals, and as many places, of each."""
    assert adjectives.animate
    for group in (coreference.nouns.animals, coreference.nouns.places):
        assert sum(noun.feminine for noun in group) == len(group) / 2


def test_whose() -> None:
    """His or her as the owner is, first or second; in the test always one of two genders."""
    random = Random(4)
    for test in (False, True):
        seen = Counter()
        for _ in range(600):
            draw = coreference.whose(random, test)
            text = english.sentence(draw.tree)
            assert f" {draw.answer} " in text
            assert not any(f" {other} " in text for other in {"his", "her"} - {draw.answer})
            seen[draw.answer, draw.order] += 1
        alike = {("his", "mm"), ("her", "ff")}
        assert set(seen) == {(answer, order) for answer in ("his", "her") for order in ("mf", "fm")} | (
            set() if test else alike
        )
        assert min(seen.values()) > 60
        assert test or 0.33 < sum(seen[one] for one in alike) / seen.total() < 0.47


def test_whose_has_two_persons() -> None:
    """Of one gender, too: no boy meets the boy."""
    random, people = Random(5), {noun.english for noun in coreference.nouns.humans}
    for _ in range(600):
        named = people & set(re.findall(r"\w+", english.sentence(coreference.whose(random).tree)))
        assert len(named) == 2


def test_reasons_are_words_that_exist() -> None:
    """A misspelt cue would silently never be drawn."""
    cues = {cue for group in coreference.REASONED.values() for cue in group}
    assert cues <= set(adjectives.by_key)


def test_an_animal_is_meant_as_often_as_a_place() -> None:
    """So that one who always takes the animal is right half of the time."""
    random = Random(5)
    for test in (False, True):
        cues = [coreference.draw(random, test).cue for _ in range(2_000)]
        animate = {word.key for word in adjectives.animate}
        scenic = {word.key for word in adjectives.scenic} - {"narrow"}  # said of boxes too
        share = sum(cue in animate for cue in cues) / sum(cue in animate | scenic for cue in cues)
        assert 0.45 < share < 0.56
