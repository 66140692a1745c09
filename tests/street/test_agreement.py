"""Agreement and its distance."""

from collections.abc import Iterable, Iterator
from random import Random

from clearhead.street import agreement, english, nouns, scenery, verbs
from clearhead.street.adjectives import by_key as adjective
from clearhead.street.trees import Action, Clause, Phrase, Relative, Sentence, State, Where
from clearhead.street.words import Time

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


def parts(persons: Iterable[Phrase | None], where: Where | None, time: Time | None) -> frozenset[str]:
    """What a relative clause, or a sentence of its own, has besides its verb and one person."""
    two = [one for one in persons if one and one.other]
    found = [f"{'described ' if one.adjective else ''}two" for one in two]
    found += [where.preposition.key] if where else []
    return frozenset(found + ([time.key] if time else []))


def test_each_part_of_what_is_tested_is_taught() -> None:
    """Longer distances are new, and nothing else: next to and in front of, a described one of two, both times."""
    random = Random(4)
    taught: set[str] = set()
    tested: set[str] = set()
    for wanted, found in ((None, taught), (12, tested)):
        for _ in range(4_000):
            draw, distance = agreement.draw(random, "en", wanted)
            assert isinstance(draw.tree, Sentence)
            clause = draw.tree.clauses[0]
            modifier = clause.subject.modifier
            if isinstance(modifier, Relative) and (wanted or distance <= agreement.TRAINED):
                found |= parts((modifier.subject, modifier.object), modifier.where, modifier.time)
    assert tested == {"described two", "two", "near", "behind", "next to", "in front of", "yesterday", "last week"}
    assert taught == tested


def told() -> Iterator[tuple[Clause, Action, Relative | None]]:
    """Sentences of their own, with the relative clause behind the object where there is one."""
    random = Random(4)
    for _ in range(4_000):
        tree = agreement.told(random).tree
        assert isinstance(tree, Sentence)
        clause = tree.clauses[0]
        assert isinstance(clause.predicate, Action)
        assert clause.predicate.object is not None
        said = clause.predicate.object.modifier
        assert said is None or isinstance(said, Relative)
        yield clause, clause.predicate, said


def test_parts_that_do_not_fit_together_are_taught_in_a_sentence_of_their_own() -> None:
    """Two persons, somewhere, last week: more words than any trained distance."""
    wanted = {frozenset({"two", place, "last week"}) for place in ("near", "behind", "next to", "in front of")}
    wanted.add(frozenset({"described two", "last week"}))
    behind, alone = set[frozenset[str]](), set[frozenset[str]]()
    for clause, action, said in told():
        if said:
            behind.add(parts((said.subject, said.object), said.where, said.time))
        else:
            alone.add(parts((clause.subject, action.object), action.where, clause.time))
    assert behind >= wanted
    assert alone >= wanted


def test_nothing_agrees_over_a_relative_clause_that_is_told() -> None:
    """It stands behind the object in half of the sentences, and never behind the subject."""
    sentences = list(told())
    assert all(clause.subject.modifier is None for clause, _, _ in sentences)
    assert 0.45 < sum(said is not None for _, _, said in sentences) / len(sentences) < 0.55
