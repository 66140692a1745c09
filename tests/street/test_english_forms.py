"""English inflection by its school rules."""

from clearhead.street.english_forms import article, plural, regular_past, third_person


def test_plurals_and_third_persons() -> None:
    """-s, -es, -ies; goes."""
    assert [plural(word) for word in ("dog", "box", "story", "boy")] == ["dogs", "boxes", "stories", "boys"]
    assert [third_person(word) for word in ("go", "carry", "watch", "eat")] == ["goes", "carries", "watches", "eats"]


def test_pasts_and_articles() -> None:
    """-ed, -d, -ied, doubling; a and an."""
    pasts = [regular_past(word) for word in ("open", "close", "carry", "stop")]
    assert pasts == ["opened", "closed", "carried", "stopped"]
    assert [article(word) for word in ("apple", "house", "honest")] == ["an", "a", "an"]
