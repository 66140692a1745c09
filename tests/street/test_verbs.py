"""The verbs."""

from clearhead.street import nouns, verbs
from clearhead.street.verbs import by_key


def test_forms() -> None:
    """Irregular ones as grammars give them."""
    assert by_key["see"].french == ("vois", "voit", "voyons", "voient")
    assert (by_key["see"].participle, by_key["see"].future, by_key["see"].past) == ("vu", "verr", "saw")
    assert by_key["go"].with_etre
    assert by_key["look for"].particle == "for"
    assert by_key["have"].third_person == "has"
    assert by_key["read"].past_looks_present
    assert verbs.hold.french[1] == "peut contenir"
    assert verbs.hold.korean_negative == "넣을 수 없"


def test_collocations_name_nouns() -> None:
    """A misspelt one would silently never be used."""
    for verb in by_key.values():
        assert set(verb.korean_by_object) <= set(nouns.by_key)


def test_no_french_verb_has_two_meanings() -> None:
    """Fr→en would not know which."""
    by_french: dict[str, set[str]] = {}
    for verb in by_key.values():
        by_french.setdefault(verb.french_infinitive, set()).add(verb.key)
    assert all(len(keys) == 1 for keys in by_french.values())
