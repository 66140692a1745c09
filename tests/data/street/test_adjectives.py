"""The adjectives."""

from clearhead.data.street import adjectives, nouns
from clearhead.data.street.adjectives import by_key


def test_forms() -> None:
    """Beau, belle, bel; long, longue; blanc, blanche; gros, grosse."""
    beautiful = by_key["beautiful"]
    assert (beautiful.masculine, beautiful.feminine, beautiful.before_vowel) == ("beau", "belle", "bel")
    assert (beautiful.masculine_plural, beautiful.feminine_plural) == ("beaux", "belles")
    assert beautiful.precedes
    assert [by_key[key].feminine for key in ("long", "white", "fat", "nervous")] == [
        "longue",
        "blanche",
        "grosse",
        "nerveuse",
    ]


def test_no_french_adjective_has_two_meanings() -> None:
    """Fr→en would not know which."""
    forms = [word.masculine for word in by_key.values()]
    assert len(set(forms)) == len(forms)


def test_what_would_be_absurd_is_left_out() -> None:
    """No deep street; a deep river."""
    assert not adjectives.fits("street", "deep")
    assert adjectives.fits("river", "deep")
    places = {noun.key for noun in nouns.places}
    for cue, names in adjectives.NEVER.items():
        assert cue in by_key
        assert set(names.split(", ")) <= places
