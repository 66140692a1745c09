"""Trees."""

from clearhead.street import nouns, scenery, verbs
from clearhead.street.adjectives import by_key as adjective
from clearhead.street.trees import Action, Clause, Fixed, Phrase, Relative, Sentence, State, Where, words_of


def test_every_content_word_is_found() -> None:
    """In relative clauses and places too; times and prepositions are none."""
    house = Where(scenery.near, Phrase(nouns.by_key["house"], adjective=adjective["big"]))
    ring = Phrase(
        nouns.by_key["ring"], modifier=Relative(verbs.by_key["lose"], Phrase(nouns.by_key["king"]), None, house)
    )
    tree = Sentence((Clause(ring, State(adjective["green"]), time=scenery.times[0]),))
    assert {word.key for word in words_of(tree)} == {"ring", "lose", "king", "house", "big", "green"}
    sold = Sentence((Clause(Phrase(nouns.by_key["I"]), Action(verbs.by_key["sell"], ring)),))
    assert "sell" in {word.key for word in words_of(sold)}
    assert words_of(Fixed("Yes.", "Oui.", "네.")) == []
