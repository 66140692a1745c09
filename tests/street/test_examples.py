"""Examples."""

from clearhead.street.adjectives import by_key as adjective
from clearhead.street.coreference import because
from clearhead.street.examples import example, in_full, plainly, words
from clearhead.street.nouns import by_key as noun
from clearhead.street.trees import Action, Clause, Phrase
from clearhead.street.verbs import by_key as verb

CROSSING = Clause(Phrase(noun["animal"]), Action(verb["cross"], Phrase(noun["street"])), "past", True)
DRAW = because(CROSSING, (noun["animal"], noun["street"]), noun["street"], adjective["wide"], "past")


def test_full_forms() -> None:
    """didn't, can't, won't; nothing else."""
    assert in_full("It can't, won't and doesn't.") == "It cannot, will not and does not."
    assert plainly("The boy didn't.") == "the boy did not"
    assert words("one two three") == 3


def test_a_source_may_be_uncontracted_and_lowered() -> None:
    """Both sides are lowered; only a source is uncontracted."""
    made = example("en-fr", "coreference", DRAW, None, True, True)
    assert made.source == "the animal did not cross the street because it was too wide"
    assert made.target == "l'animal n'a pas traversé la rue parce qu'elle était trop large"
    assert (made.answer, made.cue, made.order, made.deciding) == ("elle", "wide", "mf", ("street", "wide"))
    turned = example("fr-en", "plain", DRAW, None, True)
    assert turned.target == "The animal didn't cross the street because it was too wide."


def test_korean_is_asked_which_noun() -> None:
    """First or second."""
    assert example("en-ko", "coreference", DRAW, None).answer == "second"
