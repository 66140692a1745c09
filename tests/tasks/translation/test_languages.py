"""Other names of a language."""

import pytest

from clearhead.tasks.translation.languages import meant


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("kr", "ko"), ("KR", "ko"), ("KO", "ko"), ("ko_KR", "ko"), ("kor", "ko"), ("korean", "ko"), ("Koraen", "ko"),
        ("한국어", "ko"), ("en-US", "en"), ("english", "en"), ("gb", "en"), ("fra", "fr"),
        (" French ", "fr"), ("jp", None),
        ("xx", None), ("de", None), ("", None), ("e", None), ("klingon", None), ("🙂", None),
    ],
)  # fmt: skip
def test_the_language_that_is_meant(asked: str, language: str | None) -> None:
    assert meant(asked, ("en", "fr", "ko")) == language


def test_a_model_may_name_its_languages_as_it_likes() -> None:
    """uk is Ukrainian (ISO 639-1) before it is a country."""
    assert meant("uk", ("en", "uk")) == "uk"
    assert meant("uk", ("en", "fr")) == "en"
    assert meant("pt-br", ("pt_BR", "en")) is None or meant("pt_br", ("pt_BR", "en")) == "pt_BR"
    assert meant("klingn", ("klingon", "en")) == "klingon"
