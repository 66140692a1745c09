"""The nouns."""

from collections import Counter

from clearhead.data.street import nouns


def test_a_concept_is_there_once() -> None:
    """No English and no French noun is written twice: it would have two translations."""
    for form in ("key", "english", "french"):
        counts = Counter(getattr(noun, form) for noun in nouns.everything)
        assert [word for word, count in counts.items() if count > 1] == []


def test_irregular_words() -> None:
    """Women, geese, shelves; chevaux, bateaux."""
    plurals = {noun.key: noun.english_plural for noun in nouns.everything}
    assert (plurals["woman"], plurals["goose"], plurals["shelf"], plurals["box"]) == (
        "women",
        "geese",
        "shelves",
        "boxes",
    )
    french = {noun.key: noun.french_plural for noun in nouns.everything}
    assert (french["horse"], french["cake"], french["bear"]) == ("chevaux", "gâteaux", "ours")
    assert nouns.by_key["cat"].is_animate
    assert nouns.by_key["Emma"].is_proper


def test_professions_know_their_gender() -> None:
    """Étudiant and étudiante; an actress is one in English and Korean too."""
    student, actor = nouns.professions[0], next(pair for pair in nouns.professions if pair[0].english == "actor")
    assert [noun.french for noun in student] == ["étudiant", "étudiante"]
    assert [noun.english for noun in actor] == ["actor", "actress"]
