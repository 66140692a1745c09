"""From texts' ids to their translations: tests/bundle/test_bundle.py has what comes of it as a whole."""

from typing import Any

import numpy as np
import pytest

from clearhead.bundle import Bundle, ensemble, load
from clearhead.decoding import Precision, Shortlist
from clearhead.errors import DecodingError, UsageError
from clearhead.street.corpus import validation
from clearhead.tasks.searching import search_options
from clearhead.tasks.translation import BLANK, Translation
from clearhead.tasks.translation.searching import Passes, listed_for, scores, translations


def test_blank_ones_stand_in_their_places(two_languages: Bundle) -> None:
    engine, tokenizer = two_languages._serving.engine("fp32"), two_languages.target_tokenizer
    options = search_options(tokenizer, 1, "mean:1.0")
    ids = [two_languages.encode(text, "fr") for text in ("one", "two")]
    found = list(translations([None, ids[0], None, ids[1]], engine, tokenizer, options))
    assert found[0] == found[2] == [BLANK]
    assert [found[1], found[3]] == list(translations(ids, engine, tokenizer, options))


def test_scores_are_the_precise_models_where_there_is_one(two_languages: Bundle) -> None:
    engine, tokenizer = two_languages._serving.engine("fp32"), two_languages.target_tokenizer
    options, ids = search_options(tokenizer, 1, "mean:1.0"), [two_languages.encode("one", "fr")]
    [[plain]] = translations(ids, engine, tokenizer, options)
    [[exact]] = translations(ids, engine, tokenizer, options, passes=Passes(two_languages._serving.precise))
    assert plain.tokens == exact.tokens
    assert plain.log_probability == pytest.approx(exact.log_probability, abs=1e-4)
    assert plain.log_probability != exact.log_probability


def test_errors_and_draws_go_by_the_number_among_all(two_languages: Bundle) -> None:
    engine, tokenizer = two_languages._serving.engine("fp32"), two_languages.target_tokenizer
    with pytest.raises(DecodingError, match="sentence 8: its source has 0 tokens"):
        list(translations([None, []], engine, tokenizer, search_options(tokenizer, 1, "none"), numbers=[6, 7]))


def test_what_was_written_has_the_score_that_it_had(two_languages: Bundle) -> None:
    tokenizer, model = two_languages.target_tokenizer, two_languages._serving.precise()
    options = search_options(tokenizer, 1, "mean:1.0")
    ids = [two_languages.encode(text, "fr") for text in ("one", "two")]
    found = scores([ids[0], None, ids[1]], ["un", "", "deux"], model, tokenizer, options)
    assert found[1] == BLANK
    assert [found[0], found[2]] == two_languages.score(["one", "two"], ["un", "deux"], "fr", length_penalty="mean:1.0")


def test_a_shortlist_is_for_one_language() -> None:
    empty = Shortlist(np.zeros(2, np.int64), np.zeros(0, np.int32), np.array([2], np.int32), 5, "fr")
    assert listed_for("fr", empty, ("en", "fr")) is empty
    assert listed_for("en", None, ("en", "fr")) is None
    assert listed_for(None, empty, ()) is empty
    with pytest.raises(UsageError, match="the shortlist is for translations into fr, not en"):
        listed_for("en", empty, ("en", "fr"))


@pytest.mark.parametrize("precision", ["fp32", "int8"])
@pytest.mark.parametrize("compiler", [True, False])
def test_terms_are_kept_to_by_every_runtime(
    precision: Precision, compiler: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model of its own would write étudiant, and le chien."""
    if not compiler:
        monkeypatch.setattr("clearhead.native.library.library", lambda: None)
    street = load("street", precision=precision)
    found = street.translate(["I am a student.", "", "I see the dog."], "fr", terms={"student": "étudiante"})
    assert found == ["Je suis étudiante.", "", street.translate("I see the dog.", "fr")]
    [held] = street.translate(["I saw the dog yesterday."], "fr", contain=["dans le parc"], length_penalty="none")
    assert held == "J'ai vu le chien dans le parc hier."


LINES = [
    "The squares are wide.",
    "A poor queen will open the beautiful doors.",
    "Last week, the poor woman wrote the letter at the hospital.",
    "A man will call the boy tomorrow.",
]


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_groups_are_the_same_on_every_runtime(precision: Precision, monkeypatch: pytest.MonkeyPatch) -> None:
    """In C, by PyTorch, as an ensemble of one model twice, and line by line."""
    how: dict[str, Any] = {"top_beams": 4, "beam_size": 8, "beam_groups": 4, "diversity_penalty": 2.0}

    def texts(found: list[list[Translation]]) -> list[list[str]]:
        return [[one.text for one in each] for each in found]

    street = load("street", precision=precision)
    expected = street.search(LINES, "fr", **how)
    assert texts([street.search([line], "fr", **how)[0] for line in LINES]) == texts(expected)
    assert texts(ensemble([street, street]).search(LINES, "fr", **how)) == texts(expected)
    if precision == "fp32":
        monkeypatch.setattr("clearhead.native.library.library", lambda: None)
        assert texts(load("street").search(LINES, "fr", **how)) == texts(expected)


def test_groups_differ_more_than_a_beam() -> None:
    """By how many different words a line's four translations have; the best of them is as good as before."""
    street, pairs = load("street"), [one for one in validation(77) if one.direction == "en-fr"][:40]
    groups: dict[str, Any] = {"beam_groups": 4, "diversity_penalty": 2.0}
    words, right = [], []
    for how in ({}, groups):
        found = street.search([one.source for one in pairs], "fr", top_beams=4, beam_size=8, exact=False, **how)
        words.append(sum(len({word for one in each for word in one.text.split()}) for each in found))
        right.append(sum(each[0].text == one.target for one, each in zip(pairs, found, strict=True)))
    assert words[1] > 1.1 * words[0]
    assert right[1] == right[0] > 30


def test_groups_are_of_a_whole_beam(two_languages: Bundle) -> None:
    """A beam of which nobody says how wide it is has as many as they need; what ranks a whole beam is refused."""
    [three] = two_languages.search(["one"], "fr", top_beams=3, beam_groups=3, diversity_penalty=9.0)
    assert len({one.tokens for one in three}) == 3
    others: list[Any] = [{"coverage_penalty": 0.2}, {"terms": {"one": "un"}}, {"contain": ["un"]}, {"keep": True}]
    for given in others:
        with pytest.raises(UsageError, match="is for a beam without groups; leave it out, or beam_groups"):
            two_languages.search(["one"], "fr", beam_groups=3, **given)
