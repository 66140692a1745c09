"""Languages by the names of files and columns."""

import pytest

from clearhead.starting.languages import NONE, language_of, of_columns, of_one_file, of_two_files


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("en", "en"),
        ("pt_BR", "pt-BR"),
        ("English", "en"),
        (" 한국어 ", "ko"),
        ("Français", "fr"),
        ("deu", "de"),
        ("text", None),
        ("xx", None),
        ("", None),
        ("English text", None),
    ],
)
def test_one_language(name: str, code: str | None) -> None:
    assert language_of(name) == code


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("a.en", "a.de", ("en", "de")),
        ("train.ko.gz", "train.en.gz", ("ko", "en")),
        ("train.en-fr.fr", "train.en-fr.en", ("fr", "en")),
        ("corpus_english.txt", "corpus_korean.txt", ("en", "ko")),
        ("source.txt", "target.txt", NONE),
        ("a.en", "a.xx", NONE),
        ("en.txt", "corpus.de.txt", NONE),
        ("a1.en", "a2.de", NONE),
    ],
)
def test_two_files(one: str, other: str, found: tuple[str | None, str | None]) -> None:
    assert of_two_files(one, other) == found


def test_a_table() -> None:
    assert of_one_file("pairs.en-fr.tsv.gz") == ("en", "fr")
    assert of_one_file("en.en.tsv") == NONE
    assert of_one_file("pairs.tsv") == NONE
    assert of_columns(["translation.en", "translation.ko"]) == ("en", "ko")
    assert of_columns(["English", "notes"]) == NONE
    assert of_columns([None, None]) == NONE
