"""From a text to its trace."""

from pathlib import Path

import pytest
import torch

from clearhead.bundle import Bundle, load
from clearhead.errors import DecodingError, UsageError

TEXTS = ["one two", "six", "un été à l'ombre"]


@pytest.mark.parametrize("beam_size", [1, 2, 4])
def test_the_translation_is_the_same(run_folder: Path, beam_size: int) -> None:
    bundle = load(run_folder)
    for text in TEXTS:
        trace = bundle.trace(text, beam_size=beam_size)
        [[found]] = bundle.search([text], beam_size=beam_size)
        assert trace.predicted.ids == found.tokens
        assert trace.predicted.text == found.text
        assert trace.target.ids == (bundle.target_tokenizer.begin, *found.tokens[:-1])
        assert all(one.agrees for one in trace.check())


def test_probabilities_are_the_scores(two_languages: Bundle) -> None:
    """The forced pass gives each token the probability that the search reported."""
    trace = two_languages.trace("one two", "fr", beam_size=2)
    [[found]] = two_languages.search(["one two"], "fr", beam_size=2)
    rows = trace["output.probabilities"].double().log()
    chosen = rows[torch.arange(len(rows)), list(found.tokens)]
    assert chosen.tolist() == pytest.approx(found.token_log_probabilities, abs=1e-5)


def test_the_tree_of_the_beam(two_languages: Bundle) -> None:
    trace = two_languages.trace("one two", "fr", beam_size=3)
    won = [node for node in trace.tree if node["fate"] == "won"]
    assert [node["token"] for node in won] == [two_languages.target_tokenizer.begin, *trace.predicted.ids]
    assert [node["number"] for node in trace.tree] == list(range(len(trace.tree)))
    assert all(node["piece"] for node in trace.tree)
    [[found]] = two_languages.search(["one two"], "fr", beam_size=3)
    assert won[-1]["score"] == pytest.approx(found.score, abs=1e-5)
    assert two_languages.trace("one two", "fr").tree == ()


def test_a_given_target(two_languages: Bundle) -> None:
    trace = two_languages.trace("one two", "fr", target="deux un")
    assert trace.predicted.text == "deux un"
    ids = two_languages.target_tokenizer.encode("deux un")
    assert trace.predicted.ids == (*ids, two_languages.target_tokenizer.end)
    assert trace.source.pieces[0] == "⟨2fr⟩"
    [scored] = two_languages.score(["one two"], ["deux un"], "fr")
    rows = trace["output.probabilities"].double().log()
    total = rows[torch.arange(len(rows)), list(trace.predicted.ids)].sum()
    assert float(total) == pytest.approx(scored.log_probability, abs=1e-4)


def test_what_cannot_be_traced(two_languages: Bundle) -> None:
    with pytest.raises(UsageError, match="nothing to trace in a blank text"):
        two_languages.trace(" ", "fr")
    with pytest.raises(UsageError, match="translates into en, fr"):
        two_languages.trace("one", "ko")
    with pytest.raises(DecodingError, match="the target has 201 tokens but the model writes 64 at most"):
        two_languages.trace("one", "fr", target="é" * 100)
