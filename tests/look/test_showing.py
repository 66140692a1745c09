"""What is shown of a trace besides the trace."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from clearhead.bundle import Bundle, load
from clearhead.look import exhibit_of, show
from clearhead.look.run_log import read_run
from clearhead.look.showing import is_shipped, untrained
from clearhead.recipe import Recipe
from clearhead.tracing import Trace
from clearhead.training.run_inputs import prepare_run


def told(page: str) -> dict[str, Any]:
    """The document that a file of its own, or a notebook's frame, holds."""
    return json.loads(page.partition('id="data">')[2].partition("</script>")[0])


def test_before_training(run_folder: Path, make_recipe: Callable[..., Recipe]) -> None:
    """The first weights are those that training began with, and the page is told their likeliest tokens."""
    bundle = load(run_folder)
    shown = exhibit_of(bundle.trace("one two", beam_size=2))
    model = prepare_run(make_recipe()).untrained_model().eval()
    ids = [torch.tensor([list(side.ids)]) for side in (shown.trace.source, shown.trace.target)]
    with torch.inference_mode():
        expected = model(*ids)[0].softmax(-1)
    first = untrained(bundle, shown.trace)
    assert first["output.probabilities"] == pytest.approx(expected, abs=1e-6)
    assert first.predicted == shown.trace.predicted
    assert shown.before is not None
    for row, likely in zip(expected, shown.before, strict=True):
        assert [share for _, _, share in likely[:10]] == pytest.approx(row.topk(10).values.tolist(), abs=1e-6)
        assert [piece for _, piece, _ in likely] == bundle.target_tokenizer.pieces([one for one, _, _ in likely])


def test_a_notebook_shows_what_the_page_shows(run_folder: Path) -> None:
    """faults.md D9: the untrained model, the curves and the other hypotheses."""
    bundle = load(run_folder)
    trace = bundle.trace("one two", beam_size=3)
    data = told(show(trace).page)
    document = data["document"]
    assert len(document["untrained"]) == len(trace.predicted.ids)
    assert document["run"] == json.loads(json.dumps(read_run(run_folder).document()))
    assert document["run"]["samples"]
    left = {node["parent"] for node in trace.tree if node["parent"] >= 0}
    assert {int(one) for one in data["moments"]} == left
    assert any(trace.tree[one]["fate"] != "won" for one in left)


def test_a_trace_from_a_file_is_shown_with_its_bundle(run_folder: Path, tmp_path: Path) -> None:
    """faults.md D9: the file holds no model; whoever has it names it."""
    bundle = load(run_folder)
    bundle.trace("one two", beam_size=3).save(tmp_path / "one.safetensors")
    trace = Trace.load(tmp_path / "one.safetensors")
    alone, whole = (told(one.page)["document"] for one in (show(trace), show(trace, bundle=bundle)))
    assert (alone["untrained"], alone["run"]["curves"], alone["branches"]) == (None, {}, False)
    assert whole["untrained"]
    assert whole["run"]["curves"]


def test_a_sentence_that_the_model_never_learned_to_read(two_languages: Bundle) -> None:
    """faults.md B5: the page is told of it, as whoever translates is, and which scripts the model reads."""
    street = load("street")
    for text, expected in (("나는 학생입니다.", ["Latin"]), ("I am a student.", []), ("🙂 42", [])):
        assert exhibit_of(street.trace(text, "fr")).document()["readable"] == expected, text
    # Of a model that reads bytes alone no script is known.
    assert exhibit_of(two_languages.trace("나는", "fr")).document()["readable"] == []


def test_whose_numbers_the_questions_tell(two_languages: Bundle, tmp_path: Path) -> None:
    """faults.md D8: a model is told from the shipped one by its weights, not by its name."""
    street = load("street")
    trace = street.trace("One.", "fr")
    assert is_shipped(trace) is True
    other = two_languages.trace("one", "fr")
    assert is_shipped(other) is False
    assert [told(show(one).page)["document"].get("shipped") for one in (trace, other)] == [True, False]
    trace.save(tmp_path / "one.safetensors")
    assert is_shipped(Trace.load(tmp_path / "one.safetensors")) is None
    with torch.no_grad():
        next(street.model.parameters()).flatten()[0] += 1e-3
    assert is_shipped(street.trace("One.", "fr")) is False


def test_one_network_under_both_masks(language_model: Bundle) -> None:
    """Where a bundle goes on with texts and fills them: the same ids, and what was to follow, under a full mask."""
    settings = dataclasses.replace(language_model.settings, task="masked-next-token")
    tokenizer = language_model.source_tokenizer
    bundle = Bundle(language_model.model, tokenizer, tokenizer, language_model.recipe, settings=settings)
    for tokens in (0, 3):
        trace = bundle.trace("one two", max_tokens=tokens)
        other = exhibit_of(trace).other
        assert other is not None
        assert (other.text.ids, other.predicted.ids) == (trace.text.ids, trace.predicted.ids)
        assert other["mask"].min() == 1
        assert trace["mask"].min() == 0
    assert exhibit_of(language_model.trace("one two")).other is None
