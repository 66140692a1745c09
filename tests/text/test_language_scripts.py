"""Languages by their codes: what they are written in, as the Unicode names of their letters say."""

import unicodedata

import pytest

from clearhead.text.language_scripts import _LANGUAGES, scripts_for
from clearhead.text.scripts import unread_scripts


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The dog sleeps."),
        ("pt_BR", "Não é difícil."),
        ("ko", "개가 잡니다 韓國"),
        ("ja", "犬が眠る。コーヒー"),
        ("zh-Hant", "狗在睡覺。"),
        ("ru", "Собака спит."),
        ("sr", "Pas spava."),
        ("sr", "Пас спава."),
        ("el", "Ο σκύλος κοιμάται."),
        ("ar", "الكلب نائم"),
        ("he", "הכלב ישן"),
        ("hi", "कुत्ता सो रहा है"),
        ("th", "สุนัขนอนหลับ"),
        ("ka", "ძაღლს სძინავს"),
        ("am", "ውሻው ተኝቷል"),
    ],
)
def test_a_sentence_is_in_its_language_s_scripts(language: str, text: str) -> None:
    assert unread_scripts(text, scripts_for(language)) == ()
    assert unread_scripts(text, scripts_for("ta")) != ()


def test_a_language_that_is_not_known() -> None:
    assert scripts_for("xx") == scripts_for("") == frozenset()


def test_each_script_is_the_first_word_of_a_letter_s_name() -> None:
    names = {unicodedata.name(chr(code), "").partition(" ")[0] for code in range(0x20000)}
    assert _LANGUAGES.keys() <= names
