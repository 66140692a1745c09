"""The attention of given targets: what a trace shows, whatever else is in the batch, and by every runtime."""

import dataclasses

import numpy as np
import pytest
import torch

from clearhead.bundle import Bundle, load
from clearhead.errors import DecodingError
from clearhead.tasks.translation.attending import attentions


@pytest.fixture(scope="module")
def street() -> Bundle:
    return load("street")


def test_it_is_the_mean_of_the_heads_that_a_trace_shows(street: Bundle) -> None:
    """street has two decoder layers, so that the last but one is the first."""
    trace = street.trace("The cat sleeps.", "fr", "Le chat dort.")
    tokens = trace.sequences["predicted"].ids
    source, begin = street.encode("The cat sleeps.", "fr"), street.target_tokenizer.begin
    [found] = attentions(street.model, [source], [tokens], begin)
    expected = np.asarray(trace["decoder.layers.0.cross_attention.weights"]).mean(0)
    assert found.shape == (len(tokens), len(source))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)


def test_what_else_is_in_the_batch_changes_nothing(street: Bundle) -> None:
    texts = ["I sleep.", "The old woman who sold the apples yesterday was tired.", "The dog sees a cat."]
    found = street.search(texts, "fr", beam_size=1)
    sources, targets = [street.encode(one, "fr") for one in texts], [one.tokens for [one] in found]
    begin = street.target_tokenizer.begin
    together = attentions(street.model, sources, targets, begin)
    for own, source, target in zip(together, sources, targets, strict=True):
        [alone] = attentions(street.model, [source], [target], begin)
        np.testing.assert_allclose(own, alone, atol=1e-6)
    assert attentions(street.model, [], [], begin) == []


def test_a_model_is_left_as_it_was(street: Bundle) -> None:
    model = street.model
    attentions(model, [street.encode("I sleep.", "fr")], [(5, 6)], 1)
    assert all(layer.cross_attention.observer is None for layer in model.decoder.layers)


def test_what_an_observer_returns_is_what_is_looked_at() -> None:
    """An edited model aligns as it translates."""
    model = load("street").model

    def only_first(name: str, tensor: torch.Tensor) -> torch.Tensor:
        if name != "weights":
            return tensor
        changed = torch.zeros_like(tensor)
        changed[..., 0] = 1
        return changed

    model.decoder.layers[0].cross_attention.observer = only_first
    [found] = attentions(model, [[5, 6, 2]], [(7, 8)], 1)
    assert found.tolist() == [[1, 0, 0], [1, 0, 0]]


def test_a_model_without_such_attention_is_refused() -> None:
    model = torch.nn.Linear(2, 2)
    with pytest.raises(DecodingError, match="no attention to its source"):
        attentions(model, [[1]], [[2]], 1)


def test_each_runtime_gives_the_same_alignment(street: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["The old woman sold red apples.", "", "I am a student."]
    compiled = street.search(texts, "fr", alignment=True, exact=False)
    monkeypatch.setattr("clearhead.native.library.library", lambda: None)
    plain = load("street").search(texts, "fr", alignment=True, exact=False)
    assert [one.alignment for [one] in compiled] == [one.alignment for [one] in plain]
    assert compiled[1][0].alignment == ()
    # "I am a student." is "Je suis étudiant.": the article has no word of its own.
    assert compiled[2][0].text == "Je suis étudiant."
    assert {(0, 0), (3, 2)} <= set(compiled[2][0].alignment or ())


def test_it_is_told_where_it_is_asked_for(street: Bundle) -> None:
    [[plain]] = street.search(["I am a student."], "fr")
    [[aligned]] = street.search(["I am a student."], "fr", alignment=True)
    assert plain.alignment is None
    assert dataclasses.replace(aligned, alignment=None) == plain
