"""From a text to its trace."""

from pathlib import Path

import pytest
import torch

from clearhead.bundle import Bundle, load
from clearhead.errors import DecodingError, UsageError
from clearhead.tracing import Trace

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


def test_a_language_model(language_model: Bundle) -> None:
    """What it reads, and at each place what it holds likely to come next; after the text its first guess."""
    trace = language_model.trace("one two")
    ids = language_model.encode("one two")
    assert (trace.family, trace.text.ids, trace.predicted.ids[:-1]) == ("decoder-only", tuple(ids), tuple(ids[1:]))
    assert trace.predicted.ids[-1] == int(trace["output.probabilities"][-1].argmax())
    with torch.inference_mode():
        expected = language_model.model(torch.tensor([ids]))[0].softmax(-1)
    torch.testing.assert_close(trace["output.probabilities"], expected)
    assert all(one.agrees for one in trace.check())
    assert trace.bundle is language_model


def test_what_a_language_model_goes_on_to_write(language_model: Bundle, tmp_path: Path) -> None:
    trace = language_model.trace("one two", max_tokens=6)
    [[best]] = language_model.generations(["one two"], max_tokens=6, beam_size=1)
    prompt = trace.settings["prompt"]
    assert trace.predicted.ids[prompt - 1 :] == best.tokens
    assert trace.text.ids[prompt:] == best.tokens[:-1]
    assert (trace.text.text, trace.predicted.text) == ("one two", best.text)
    rows = trace["output.probabilities"][prompt - 1 :].double().log()
    shares = rows[range(len(best.tokens)), list(best.tokens)]
    assert shares.tolist() == pytest.approx(best.token_log_probabilities, abs=1e-4)
    trace.save(tmp_path / "one.safetensors", weights=True)
    assert Trace.load(tmp_path / "one.safetensors").predicted == trace.predicted


def test_what_of_another_kind_of_model_is_refused(language_model: Bundle, two_languages: Bundle) -> None:
    with pytest.raises(UsageError, match="to and target are for models that translate"):
        language_model.trace("one", "fr")
    with pytest.raises(UsageError, match="to and target are for models that translate"):
        language_model.trace("one", target="two")
    with pytest.raises(UsageError, match="max_tokens=2 is for models that go on with texts"):
        two_languages.trace("one", "fr", max_tokens=2)
    with pytest.raises(DecodingError, match="max_tokens=-1 must be a whole number"):
        language_model.trace("one", max_tokens=-1)


def test_a_masked_model(masked_model: Bundle) -> None:
    """A masked place is the mask symbol, and what the page would fill it with is what `fill` does."""
    text = "one [MASK] three"
    trace = masked_model.trace(text)
    mask = masked_model.source_tokenizer.symbol("mask")
    assert (trace.family, trace.text.text, trace.settings["mask"]) == ("encoder-only", text, mask)
    [place] = [number for number, one in enumerate(trace.text.ids) if one == mask]
    filled = masked_model.fill(text, n=3)
    shares = trace["output.probabilities"][place]
    for one in filled.fillings[0]:
        assert float(shares[one.token]) == pytest.approx(one.probability, abs=1e-4)
    assert all(one.agrees for one in trace.check())
    assert mask not in masked_model.trace("one three").text.ids


def test_a_classifier(classifier: Bundle, tmp_path: Path) -> None:
    trace = classifier.trace("one two")
    assert trace.text.ids == tuple(classifier.encode("one two"))
    label = classifier.classify("one two")
    assert trace.settings["labels"] == [*label.probabilities]
    found = trace["classifier.probabilities"].flatten().tolist()
    assert found == pytest.approx([*label.probabilities.values()], abs=1e-4)
    trace.save(tmp_path / "one.safetensors")
    assert Trace.load(tmp_path / "one.safetensors").settings["labels"] == [*label.probabilities]
    with pytest.raises(UsageError, match="to, target and max_tokens are for models that write"):
        classifier.trace("one", max_tokens=2)
