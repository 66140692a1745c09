"""English sentences written by hand."""

from clearhead.street import english, nouns, scenery, verbs
from clearhead.street.adjectives import by_key as adjective
from clearhead.street.trees import (
    Action,
    Clause,
    Existence,
    Fixed,
    Of,
    Phrase,
    Relative,
    Role,
    Sentence,
    State,
    Where,
)

noun, verb = nouns.by_key, verbs.by_key


def said(*clauses: Clause, joint: str = "") -> str:
    """The sentence of these clauses."""
    return english.sentence(Sentence(clauses, joint))


def test_the_canonical_sentences() -> None:
    """The issue's own examples."""
    i_am = Clause(Phrase(noun["I"]), Role(*nouns.professions[0]))
    crossing = Clause(Phrase(noun["animal"]), Action(verb["cross"], Phrase(noun["street"])), "past", True)
    tired = Clause(Phrase(noun["animal"]), State(adjective["tired"], "too"), "past", pronoun=True)
    assert said(i_am) == "I am a student."
    assert said(crossing, tired, joint="because") == "The animal didn't cross the street because it was too tired."
    assert english.sentence(scenery.greetings[0]) == "Thanks."
    assert english.sentence(Fixed("Yes.", "Oui.", "네.")) == "Yes."


def test_verbs_agree_and_take_do() -> None:
    """Third person, plural, coordination, future."""
    water = Phrase(noun["water"], determiner="a")
    assert said(Clause(Phrase(noun["girl"]), Action(verb["drink"], water))) == "The girl drinks water."
    assert said(Clause(Phrase(noun["girl"], plural=True), Action(verb["drink"], water), negative=True)) == (
        "The girls don't drink water."
    )
    both = Phrase(noun["king"], other=Phrase(noun["queen"]))
    assert (
        said(Clause(both, Action(verb["drink"], water), "future", True)) == "The king and the queen won't drink water."
    )


def test_owners_and_relative_clauses() -> None:
    """His and her follow the subject of their own clause; who for persons, that for things."""
    book = Phrase(noun["book"], determiner="own")
    met = Relative(verb["lose"], object=book)
    boy = Phrase(noun["boy"])
    queen = Phrase(noun["queen"], modifier=met)
    assert said(Clause(boy, Action(verb["see"], queen), "past")) == "The boy saw the queen who lost her book."
    key = Phrase(noun["ring"], modifier=Relative(verb["look for"], subject=boy))
    assert said(Clause(key, State(adjective["green"]))) == "The ring that the boy looked for is green."
    owned = Phrase(noun["bag"], modifier=Of(boy))
    assert english.phrase(owned) == "the bag of the boy"


def test_there_is() -> None:
    """The verb agrees with what there is."""
    scene = Existence(Where(scenery.within, Phrase(noun["garden"])))
    assert said(Clause(Phrase(noun["cat"], determiner="a"), scene)) == "There is a cat in the garden."
    assert said(Clause(Phrase(noun["cat"], True, "two"), scene)) == "There are two cats in the garden."
    assert said(Clause(Phrase(noun["animal"], False, "a", adjective["white"]), scene)) == (
        "There is a white animal in the garden."
    )
