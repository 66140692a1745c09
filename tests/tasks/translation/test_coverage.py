"""How much of a source was looked at, by hand, and what becomes of the order of translations."""

import math

import numpy as np
import pytest

from clearhead.bundle import Bundle, ensemble, load
from clearhead.decoding import Sampling
from clearhead.errors import DecodingError, UsageError
from clearhead.tasks.translation.attending import attentions
from clearhead.tasks.translation.coverage import coverage
from clearhead.tasks.translation.results import Attended, Translation, best_covered


def test_it_is_what_the_paper_writes() -> None:
    """Source tokens were looked at 0.75, 1.25 and 0.5 times: log 0.75 + log 1 + log 0.5."""
    attention = np.array([[0.5, 0.25, 0.25], [0.25, 1.0, 0.25]], np.float32)
    assert coverage(attention) == pytest.approx(math.log(0.75) + math.log(0.5), abs=1e-12)
    assert coverage(np.eye(4, dtype=np.float32)) == 0.0
    assert math.isfinite(coverage(np.array([[1.0, 0.0]], np.float32)))


def test_what_left_out_more_ranks_lower() -> None:
    """Scores of −1 and −1.1; the first looked at one of two tokens half: at β = 0.2 it loses 0.139."""
    first, second = (
        Translation(text, score, score, (5, 2), (0.0, score), True) for text, score in (("a", -1.0), ("b", -1.1))
    )
    half, whole = np.array([[0.5, 0.25], [0.5, 0.25]], np.float32), np.eye(2, dtype=np.float32)
    given = [Attended(first, half), Attended(second, whole)]
    found = best_covered(given, 0.2)
    assert [one.translation.text for one in found] == ["b", "a"]
    assert [one.translation.score for one in found] == pytest.approx([-1.1, -1.0 + 0.2 * math.log(0.5)])
    assert [one.attention is own for one, own in zip(found, (whole, half), strict=True)] == [True, True]
    assert [one.translation.text for one in best_covered(given, 0.1)] == ["a", "b"]


def test_the_best_are_taken_from_the_whole_beam() -> None:
    """The order is that of the beam's scores with β times their coverage, and not that of the beam."""
    street, texts = load("street"), ["The old dog sleeps in the park.", "I saw the small cat yesterday.", "I sleep."]
    beams = street.search(texts, "fr", beam_size=5, top_beams=5)
    expected = []
    for text, beam in zip(texts, beams, strict=True):
        sources, begin = [street.encode(text, "fr")] * 5, street.target_tokenizer.begin
        weights = attentions(street.model, sources, [one.tokens for one in beam], begin)
        ranked = [(one.score + 3.0 * coverage(own), one.text) for one, own in zip(beam, weights, strict=True)]
        expected.append(sorted(ranked, reverse=True)[:3])
    found = street.search(texts, "fr", beam_size=5, top_beams=3, coverage_penalty=3.0)
    for own, wanted in zip(found, expected, strict=True):
        assert [one.text for one in own] == [text for _, text in wanted]
        assert [one.score for one in own] == pytest.approx([score for score, _ in wanted], abs=1e-4)
    assert [[one.text for one in beam[:3]] for beam in beams] != [[one.text for one in own] for own in found]


def test_it_goes_with_all_that_searches() -> None:
    street, text = load("street"), ["I am a student.", ""]
    assert street.translate(text, "fr", coverage_penalty=0.2) == ["Je suis étudiant.", ""]
    assert street.translate(text, "fr", coverage_penalty=0.2, paragraphs=True) == ["Je suis étudiant.", ""]
    assert ensemble([street, street]).translate(text, "fr", coverage_penalty=0.2) == ["Je suis étudiant.", ""]
    [[aligned], _] = street.search(text, "fr", coverage_penalty=0.2, alignment=True)
    assert aligned.alignment == ((0, 0), (1, 1), (3, 2))


def test_what_it_cannot_be(two_languages: Bundle) -> None:
    with pytest.raises(DecodingError, match="coverage_penalty=-1 must be a number from 0 to 1000"):
        two_languages.translate("one", "fr", coverage_penalty=-1)
    with pytest.raises(UsageError, match="coverage ranks what a search found, and sampling draws"):
        two_languages.search(["one"], "fr", coverage_penalty=1.0, sampling=Sampling())
