"""Agreement and its distance."""

from random import Random

from clearhead.street import agreement, english, nouns, scenery, verbs
from clearhead.street.adjectives import by_key as adjective
from clearhead.street.trees import Clause, Phrase, Relative, State, Where

noun = nouns.by_key


def test_the_distance_of_the_docstring() -> None:
    """Counted by hand: "that the boy lost near the old house" would be 8 words; without *old*, 7."""
    where = Where(scenery.near, Phrase(noun["house"]))
    lost = Relative(verbs.by_key["lose"], subject=Phrase(noun["boy"]), where=where)
    ring = Phrase(noun["ring"], True, modifier=lost)
    clause = Clause(ring, State(adjective["green"]))
    assert english.clause(clause) == "the rings that the boy lost near the house are green"
    assert agreement.distance(clause, "en") == 7
    # Les bagues | que le garçon a perdues près de la maison | sont vertes.
    assert agreement.distance(clause, "fr") == 9


def test_what_else_stands_between() -> None:
    """An adverb in English; an adjective after its noun in French."""
    cat = Phrase(noun["cat"], adjective=adjective["white"])
    clause = Clause(cat, State(adjective["tired"], "", True, scenery.adverbs[0]))
    assert english.clause(clause) == "the white cat often seems tired"
    assert agreement.distance(clause, "en") == 1
    assert agreement.distance(clause, "fr") == 1  # le chat *blanc* semble souvent fatigué


def test_every_distance_is_drawn() -> None:
    """0 to 12 can be asked for in both source languages."""
    random = Random(1)
    for source in ("en", "fr"):
        found = {agreement.draw(random, source, wanted)[1] for wanted in range(13) for _ in range(60)}
        assert set(range(13)) <= found
