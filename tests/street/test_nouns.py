"""The nouns."""

from collections import Counter

from clearhead.street import nouns


def test_a_concept_is_there_once() -> None:
    """No English and no French noun is written twice: it would have two translations."""
    for form in ("key", "english", "french"):
        counts = Counter(getattr(noun, form) for noun in nouns.everything)
        assert [word for word, count in counts.items() if count > 1] == []


def test_irregular_words() -> None:
    """Women, wolves, boxes; chevaux, gâteaux."""
    plurals = {noun.key: noun.english_plural for noun in nouns.everything}
    assert (plurals["woman"], plurals["box"]) == ("women", "boxes")
    french = {noun.key: noun.french_plural for noun in nouns.everything}
    assert (french["horse"], french["cake"]) == ("chevaux", "gâteaux")
    assert nouns.by_key["cat"].is_animate
    assert nouns.by_key["Emma"].is_proper


def test_professions_know_their_gender() -> None:
    """Étudiant and étudiante; a nurse who is a man is an infirmier."""
    nurse = next(pair for pair in nouns.professions if pair[0].english == "nurse")
    assert [noun.french for noun in nouns.professions[0]] == ["étudiant", "étudiante"]
    assert [noun.french for noun in nurse] == ["infirmier", "infirmière"]


def test_genders_are_balanced() -> None:
    """As many of each in the classes that something is resolved among."""
    for group in (nouns.names, nouns.humans, nouns.animals, nouns.places, nouns.contents, nouns.containers):
        assert sum(noun.feminine for noun in group) == len(group) / 2
