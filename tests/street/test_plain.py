"""Plain sentences."""

from random import Random

from clearhead.street import english, plain
from clearhead.street.trees import Action, Phrase, Sentence


def test_every_kind_is_drawn() -> None:
    """There is, is a, not, two clauses, a number, a time, a place."""
    random = Random(7)
    text = " ".join(english.sentence(plain.draw(random).tree) for _ in range(2_000))
    for part in (
        "There is",
        "There are",
        " is a ",
        "n't ",
        " and ",
        ", but ",
        " two ",
        " yesterday",
        " at school",
        " his ",
        " her ",
    ):
        assert part in text


def test_what_is_written_alike_in_two_tenses_has_a_time() -> None:
    """*read* without a time would have two translations."""
    random = Random(8)
    for _ in range(4_000):
        tree = plain.draw(random).tree
        assert isinstance(tree, Sentence)
        for clause in tree.clauses:
            if isinstance(clause.predicate, Action) and clause.predicate.verb.key == "read":
                assert clause.time is not None


def test_what_is_denied_is_told_of_somebody_known() -> None:
    """*A boy didn't …* is not what one says."""
    assert plain.known(Phrase(plain.nouns.by_key["boy"], determiner="a")).determiner == "the"
    assert plain.known(Phrase(plain.nouns.by_key["I"])) == Phrase(plain.nouns.by_key["I"])


def test_what_few_events_have() -> None:
    """In each a described person or a time in front: of all events one in ten has either."""
    random, found = Random(8), {True: 0, False: 0}
    for _ in range(600):
        tree = plain.seldom(random).tree
        assert isinstance(tree, Sentence)
        [clause] = tree.clauses
        assert clause.time_first or (clause.subject.adjective and clause.subject.noun.kind == "human")
        found[clause.time_first] += 1
    assert min(found.values()) > 100
