"""Elision, contraction and inflection, as French grammars give them."""

import pytest

from clearhead.street.french_forms import agreeing, begins_with_vowel, feminine, joined, plural, regular


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("le animal", "l'animal"), ("la école", "l'école"), ("de le roi", "du roi"), ("à le marché", "au marché"),
        ("de les rois", "des rois"), ("à les rois", "aux rois"), ("de la reine", "de la reine"),
        ("de le hôtel", "de l'hôtel"),
        ("à le homme", "à l'homme"), ("parce que il", "parce qu'il"), ("je ai", "j'ai"), ("ne est pas", "n'est pas"),
        ("pas de eau", "pas d'eau"), ("le haut mur", "le haut mur"), ("que le a", "que l'a"),
        ("près de Emma", "près d'Emma"),
    ],
)  # fmt: skip
def test_words_are_joined_as_they_are_written(words: str, expected: str) -> None:
    """An article that elides does not contract."""
    assert joined(words.split()) == expected


def test_a_mute_h_counts_as_a_vowel() -> None:
    """L'homme and l'horloge, but la hache."""
    assert begins_with_vowel("homme")
    assert begins_with_vowel("écharpe")
    assert not begins_with_vowel("hache")
    assert not begins_with_vowel("reine")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("roi", "rois"),
        ("ours", "ours"),
        ("cheval", "chevaux"),
        ("gâteau", "gâteaux"),
        ("bleu", "bleus"),
        ("voix", "voix"),
    ],
)
def test_plurals(word: str, expected: str) -> None:
    """-s, -x, -aux, and nothing after s, x, z."""
    assert plural(word) == expected


@pytest.mark.parametrize(
    ("word", "expected"), [
        ("vert", "verte"), ("large", "large"), ("nerveux", "nerveuse"), ("actif", "active"),
        ("fermier", "fermière"),
    ]
)  # fmt: skip
def test_feminines(word: str, expected: str) -> None:
    """-e, -euse, -ve, -ère."""
    assert feminine(word) == expected


def test_conjugation_and_participles() -> None:
    """Nous mangeons keeps its e; a participle takes e and s."""
    assert regular("manger") == ("mange", "mange", "mangeons", "mangent", "mangé", "manger")
    assert agreeing("perdu", True, True) == "perdues"
    assert agreeing("surpris", False, True) == "surpris"
