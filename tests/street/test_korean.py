"""Korean sentences written by hand."""

from clearhead.street import korean, nouns, scenery, verbs
from clearhead.street.adjectives import by_key as adjective
from clearhead.street.trees import Action, Clause, Existence, Phrase, Relative, Role, Sentence, State, Where

noun, verb = nouns.by_key, verbs.by_key


def said(*clauses: Clause, joint: str = "") -> str:
    """The sentence of these clauses."""
    return korean.sentence(Sentence(clauses, joint))


def test_the_canonical_sentences() -> None:
    """The referent is named again, so that one sees which it is."""
    assert said(Clause(Phrase(noun["I"]), Role(*nouns.professions[0]))) == "저는 학생입니다."
    crossing = Clause(Phrase(noun["animal"]), Action(verb["cross"], Phrase(noun["street"])), "past", True)
    for key, cue, expected in (("animal", "tired", "동물이 너무 피곤했기"), ("street", "wide", "길이 너무 넓었기")):
        reason = Clause(Phrase(noun[key]), State(adjective[cue], "too"), "past", pronoun=True)
        assert said(crossing, reason, joint="because") == f"동물은 길을 건너지 않았습니다. {expected} 때문입니다."
    assert korean.sentence(scenery.greetings[0]) == "고맙습니다."


def test_a_modifier_comes_before_its_noun() -> None:
    """Relative clause, place, plural of what lives, the particle after it all."""
    lost = Relative(verb["lose"], subject=Phrase(noun["I"]), time=scenery.times[0])
    ring = Phrase(noun["ring"], modifier=lost)
    assert said(Clause(ring, State(adjective["green"]))) == "제가 어제 잃어버린 반지는 초록색입니다."
    table = Phrase(noun["table"], modifier=Where(scenery.within, Phrase(noun["kitchen"])))
    cats = Phrase(noun["cat"], plural=True, modifier=Where(scenery.under, table))
    assert said(Clause(cats, State(adjective["tired"]))) == "부엌의 탁자 아래에 있는 고양이들은 피곤합니다."


def test_verbs_by_object() -> None:
    """One goes over a street (건너다), through a village (지나가다), across a field (가로지르다)."""
    who = Phrase(noun["girl"])
    expected = {
        "street": "길을 건넜습니다",
        "village": "마을을 지나갔습니다",
        "field": "들판을 가로질렀습니다",
    }
    for key, end in expected.items():
        assert said(Clause(who, Action(verb["cross"], Phrase(noun[key])), "past")) == f"소녀는 {end}."


def test_counters_and_existence() -> None:
    """마리 for animals, 권 for books; 있다 and 없다."""
    scene = Existence(Where(scenery.within, Phrase(noun["garden"])))
    assert said(Clause(Phrase(noun["cat"], True, "two"), scene)) == "정원에 고양이 두 마리가 있습니다."
    assert said(Clause(Phrase(noun["cat"], determiner="no"), scene)) == "정원에 고양이가 없습니다."
    books = Phrase(noun["book"], True, "ten")
    assert said(Clause(Phrase(noun["I"]), Action(verb["have"], books))) == "저는 책 열 권을 가지고 있습니다."


def test_degrees_and_states() -> None:
    """A degree stands beside what has it; what has been reached is in the past; what is in a place takes 에."""
    road = Phrase(noun["road"])
    assert said(Clause(road, State(adjective["dusty"], "very"))) == "도로에는 먼지가 매우 많습니다."
    assert said(Clause(Phrase(noun["cow"]), State(adjective["furious"]))) == "소는 화가 났습니다."
    assert said(Clause(Phrase(noun["cow"]), State(adjective["tired"], "very", True))) == "소는 매우 피곤해 보입니다."


def test_destinations() -> None:
    """시장에 가다, 호텔로 돌아가다."""
    who = Phrase(noun["king"])
    market = scenery.destinations[0]
    assert said(Clause(who, Action(verb["go"], where=market), "past")) == "왕은 시장에 갔습니다."
    assert said(Clause(who, Action(verb["return"], where=market), "future")) == "왕은 시장으로 돌아갈 것입니다."


def test_clauses_are_joined_by_their_verbs() -> None:
    """-고 and -지만."""
    reading = Clause(Phrase(noun["boy"]), Action(verb["sleep"]), "past")
    singing = Clause(Phrase(noun["girl"]), Action(verb["sing"]), "past", True)
    assert said(reading, singing, joint="and") == "소년은 잤고 소녀는 노래하지 않았습니다."
    assert said(reading, singing, joint="but") == "소년은 잤지만 소녀는 노래하지 않았습니다."


def test_not_being_able_to_hold() -> None:
    """넣을 수 없다 is a word of its own, and what holds is a place."""
    holding = Clause(Phrase(noun["box"]), Action(verbs.hold, Phrase(noun["ball"])), "present", True)
    assert said(holding) == "상자에는 공을 넣을 수 없습니다."
