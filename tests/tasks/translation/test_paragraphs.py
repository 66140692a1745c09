"""Sentence by sentence, with all that stands between them."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from clearhead.bundle import load
from clearhead.decoding import Sampling
from clearhead.errors import UsageError
from clearhead.tasks.translation import Translation
from clearhead.tasks.translation.paragraphs import joined, sentence_by_sentence
from clearhead.text.sentences import Part


def shouted(texts: Sequence[str], numbers: Sequence[int]) -> Iterator[list[Translation]]:
    for place, (text, number) in enumerate(zip(texts, numbers, strict=True)):
        yield [Translation(f"{text.upper()}{number}", -1.0, -2.0, (place,), (-2.0,), place != 1)]


def test_spaces_and_line_breaks_are_kept() -> None:
    texts = [" One here.  Two there.\r\n\n Three. ", "", "\t\u200b", "Four."]
    found = list(sentence_by_sentence(shouted, "en")(texts, range(5, 9)))
    # Each sentence goes by the number of its text, of which errors tell.
    assert [one.text for [one] in found] == [
        " ONE HERE.5  TWO THERE.5\r\n\n THREE.5 ", "", "\t\u200b", "FOUR.8"
    ]  # fmt: skip
    [whole] = found[0]
    assert (whole.score, whole.log_probability, whole.tokens, whole.finished) == (-3.0, -6.0, (0, 1, 2), False)
    assert whole.confidence == pytest.approx(math.exp(-2))
    assert found[1][0].confidence == 1.0


def test_one_sentence_is_what_it_was() -> None:
    [[one]] = shouted(["a"], [0])
    assert joined([Part("a", True)], [one]) == one


def test_a_paragraph_is_its_sentences() -> None:
    street = load("street")
    sentences = ["I am a student.", "The dog sleeps in the park."]
    french = street.translate(sentences, "fr")
    assert street.translate("  ".join(sentences) + "\n", "fr", paragraphs=True) == "  ".join(french) + "\n"
    [[found]] = street.search(["\n".join(sentences)], "fr", paragraphs=True)
    each = [one for [one] in street.search(sentences, "fr")]
    assert found.text == "\n".join(french)
    assert found.log_probability == pytest.approx(sum(one.log_probability for one in each))
    [terms] = street.translate(["I sleep. I am a student."], "fr", paragraphs=True, terms={"student": "étudiante"})
    assert terms.endswith(" Je suis étudiante.")


@pytest.mark.parametrize(
    "asked",
    [{"top_beams": 2}, {"alignment": True}, {"sampling": Sampling()}, {"prefix": "Je"}, {"contain": ["hier"]}],
    ids=lambda asked: next(iter(asked)),
)
def test_what_is_for_whole_texts_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=rf"paragraphs .*, and {next(iter(asked))} is for whole texts"):
        load("street").search(["I sleep."], "fr", paragraphs=True, **asked)


def test_a_sentence_that_is_too_long_is_told_by_its_text() -> None:
    street = load("street")
    many, long = "I am a student. " * 200, "a " * 2000
    assert street.too_long([many, "I sleep. " + long, long]) == [0, 1, 2]
    assert street.too_long([many, "I sleep. " + long, long], paragraphs=True) == [1, 2]
