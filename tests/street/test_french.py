"""French sentences written by hand."""

from clearhead.street import french, nouns, scenery, verbs
from clearhead.street.adjectives import by_key as adjective
from clearhead.street.trees import Action, Clause, Existence, Phrase, Relative, Role, Sentence, State, Where

noun, verb = nouns.by_key, verbs.by_key


def said(*clauses: Clause, joint: str = "") -> str:
    """The sentence of these clauses."""
    return french.sentence(Sentence(clauses, joint))


def because(cue: str, referent: str) -> str:
    """The animal, the street, and the reason."""
    crossing = Clause(Phrase(noun["animal"]), Action(verb["cross"], Phrase(noun["street"])), "past", True)
    reason = Clause(Phrase(noun[referent]), State(adjective[cue], "too"), "past", pronoun=True)
    return said(crossing, reason, joint="because")


def test_the_canonical_sentences() -> None:
    """The issue's own examples: il is the animal, elle the street."""
    assert said(Clause(Phrase(noun["I"]), Role(*nouns.professions[0]))) == "Je suis étudiant."
    assert because("tired", "animal") == "L'animal n'a pas traversé la rue parce qu'il était trop fatigué."
    assert because("wide", "street") == "L'animal n'a pas traversé la rue parce qu'elle était trop large."
    assert french.sentence(scenery.greetings[0]) == "Merci."


def test_agreement_over_a_relative_clause() -> None:
    """The participle agrees with the object before it, the adjective with the head."""
    lost = Relative(verb["lose"], subject=Phrase(noun["king"]))
    rings = Phrase(noun["ring"], plural=True, modifier=lost)
    assert said(Clause(rings, State(adjective["green"]))) == "Les bagues que le roi a perdues sont vertes."
    met = Relative(verb["meet"], object=Phrase(noun["boy"]))
    girl = Phrase(noun["girl"], modifier=met)
    assert said(Clause(girl, State(adjective["tired"]), "past")) == "La fille qui a rencontré le garçon était fatiguée."


def test_negation_and_articles() -> None:
    """After a negation *de*; before a plural adjective that precedes, *de* too; a substance takes the partitive."""
    boy = Phrase(noun["boy"])
    apples = Phrase(noun["apple"], determiner="a", plural=True)
    bread, water = (Phrase(noun[key], determiner="a") for key in ("bread", "water"))
    assert said(Clause(boy, Action(verb["eat"], apples))) == "Le garçon mange des pommes."
    assert said(Clause(boy, Action(verb["eat"], apples), negative=True)) == "Le garçon ne mange pas de pommes."
    assert said(Clause(boy, Action(verb["eat"], bread))) == "Le garçon mange du pain."
    assert said(Clause(boy, Action(verb["drink"], water))) == "Le garçon boit de l'eau."
    assert said(Clause(boy, Action(verb["drink"], water), "past", True)) == "Le garçon n'a pas bu d'eau."
    big = apples._replace(adjective=adjective["big"])
    assert said(Clause(boy, Action(verb["see"], big), "future")) == "Le garçon verra de grandes pommes."


def test_adjectives_before_a_vowel() -> None:
    """Bel, nouvel; mon and son before a feminine that begins with a vowel."""
    assert " ".join(french.phrase(Phrase(noun["animal"], adjective=adjective["beautiful"]))) == "le bel animal"
    assert (
        " ".join(french.phrase(Phrase(noun["tree"], determiner="a", adjective=adjective["new"]))) == "un nouvel arbre"
    )
    clock = Phrase(noun["clock"], determiner="own")
    assert " ".join(french.phrase(clock, Phrase(noun["I"]))) == "mon horloge"
    assert " ".join(french.phrase(clock, Phrase(noun["boy"], plural=True))) == "leur horloge"


def test_etre_and_places() -> None:
    """A participle with être agrees; à contracts; il n'y a pas de."""
    queen = Phrase(noun["queen"])
    school = scenery.destinations[-1]
    assert said(Clause(queen, Action(verb["go"], where=school), "past")) == "La reine est allée à l'école."
    market = scenery.destinations[0]
    assert (
        said(Clause(queen, Action(verb["return"], where=market), "past", True))
        == "La reine n'est pas retournée au marché."
    )
    scene = Existence(Where(scenery.within, Phrase(noun["garden"])))
    assert said(Clause(Phrase(noun["animal"], determiner="no"), scene)) == "Il n'y a pas d'animal dans le jardin."


def test_a_preposition_is_repeated() -> None:
    """Parler de … et de …"""
    both = Phrase(noun["king"], other=Phrase(noun["animal"]))
    speaking = Action(verbs.by_key["speak about"], both)
    assert said(Clause(Phrase(noun["I"]), speaking, "past")) == "J'ai parlé du roi et de l'animal."
