"""The adjectives."""

from clearhead.street import adjectives, nouns
from clearhead.street.adjectives import by_key


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


def test_a_noun_has_one_of_them() -> None:
    """No big horse is small, no red box blue, no big horse big."""
    assert not adjectives.agree(by_key["big"], by_key["small"])
    assert not adjectives.agree(by_key["red"], by_key["blue"])
    assert not adjectives.agree(by_key["big"], by_key["big"])
    assert adjectives.agree(by_key["big"], by_key["blue"])
    assert adjectives.agree(None, by_key["blue"])


def test_no_french_adjective_has_two_meanings() -> None:
    """Fr→en would not know which."""
    forms = [word.masculine for word in by_key.values()]
    assert len(set(forms)) == len(forms)


def test_what_would_be_absurd_is_left_out() -> None:
    """No crowded field; a sunny beach."""
    assert not adjectives.fits("field", "crowded")
    assert adjectives.fits("beach", "sunny")
    known = {noun.key for noun in nouns.places + nouns.contents}
    for cue, names in adjectives.NEVER.items():
        assert cue in by_key
        assert set(names.split(", ")) <= known
