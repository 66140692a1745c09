"""Bundles that translate together, and such as do not."""

import dataclasses

import pytest

import clearhead
from clearhead.bundle import Bundle, ensemble, load
from clearhead.errors import UsageError
from clearhead.model import EncoderDecoder


@pytest.fixture(scope="module")
def street() -> Bundle:
    return load("street")


def test_one_bundle_twice_translates_as_it_does(street: Bundle) -> None:
    together, texts = ensemble([street, load("street")]), ["I am a student.", "", "The old dog sleeps in the park."]
    assert together.translate(texts, "fr") == street.translate(texts, "fr")
    assert together.translate(texts, "fr", beam_size=1) == street.translate(texts, "fr", beam_size=1)
    pairs = zip(together.search(texts, "fr"), street.search(texts, "fr"), strict=True)
    assert all(one.score == pytest.approx(other.score, abs=1e-9) for [one], [other] in pairs)
    assert together.translate(["I am a student."], "fr", terms={"student": "étudiante"}) == ["Je suis étudiante."]
    [[aligned]] = together.search(["I am a student."], "fr", alignment=True)
    assert aligned.alignment == street.search(["I am a student."], "fr", alignment=True)[0][0].alignment
    assert clearhead.ensemble is ensemble


def test_what_differs_is_said(street: Bundle, two_languages: Bundle) -> None:
    with pytest.raises(UsageError, match="an ensemble of 1 bundles is none; give two or more"):
        ensemble([street])
    with pytest.raises(
        UsageError, match=r"model 2 of the ensemble.* differs from the first .*street.*: its source voc"
    ):
        ensemble([street, two_languages])
    settings = dataclasses.replace(two_languages.settings, languages=(("en", "de"),))
    german = Bundle(
        EncoderDecoder(two_languages.config), two_languages.source_tokenizer, two_languages.target_tokenizer,
        two_languages.recipe, settings=settings,
    )  # fmt: skip
    with pytest.raises(UsageError, match="it translates into other languages"):
        ensemble([two_languages, german])


def test_who_writes_no_translations_has_no_ensemble(language_model_folder) -> None:  # type: ignore[no-untyped-def]
    one = load(language_model_folder)
    with pytest.raises(UsageError, match="an ensemble translates or summarises, and the models' task is language-mod"):
        ensemble([one, one])
