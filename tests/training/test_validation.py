"""How good a model is: its loss against torch's, and when a validation ends."""

import dataclasses
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from clearhead.evaluation import Quality
from clearhead.recipe import Recipe
from clearhead.training import train, validation
from clearhead.training.run_inputs import RunInputs, prepare_run
from clearhead.training.validation import (
    Interrupted,
    Validation,
    validate,
)


@pytest.fixture(scope="module")
def inputs(make_recipe: Callable[..., Recipe]) -> RunInputs:
    return prepare_run(make_recipe("training.batch_tokens=30"))


def test_the_loss_is_the_mean_over_tokens(inputs: RunInputs) -> None:
    """Sentence by sentence, without padding, with torch's cross-entropy in float64."""
    model, tokenizer = inputs.untrained_model().eval(), inputs.target_tokenizer
    corpus = inputs.validation[0].corpus
    total = 0.0
    with torch.inference_mode():
        for number in range(len(corpus)):
            source, target = (torch.tensor([file[number].tolist()]) for file in (corpus.source, corpus.target))
            logits = model(source, torch.cat([torch.tensor([[tokenizer.begin]]), target[:, :-1]], dim=1))
            total += float(F.cross_entropy(logits[0].double(), target[0], reduction="sum"))
    found = validate(model, inputs)
    assert found.loss == pytest.approx(total / corpus.target.tokens, rel=1e-5)
    assert found.perplexity == pytest.approx(math.exp(found.loss))


def test_no_batch_of_logits_is_ever_whole(inputs: RunInputs, monkeypatch: pytest.MonkeyPatch) -> None:
    """faults.md C9: `batch_tokens: auto` was found with the loss in chunks; the figure is that of whole logits."""
    model = inputs.untrained_model().eval()
    corpora = [one.corpus for one in inputs.validation]
    whole: list[int] = []
    real = validation.whole_linear_cross_entropy

    def noted(states: torch.Tensor, *given: Any, **named: Any) -> torch.Tensor:
        whole.append(states.shape[0])
        return real(states, *given, **named)

    monkeypatch.setattr(validation, "whole_linear_cross_entropy", noted)
    found = validation.validation_loss(model, corpora, inputs)
    assert whole == []
    monkeypatch.setattr(validation, "is_on", lambda name: name != "chunked-loss")
    assert validation.validation_loss(model.double(), corpora, inputs) == pytest.approx(found, rel=1e-6)
    assert whole


@pytest.mark.parametrize(("looks", "translated"), [(1, 0), (2, 0), (3, 2), (4, 3)])
def test_it_ends_where_it_is_asked_to(
    inputs: RunInputs, monkeypatch: pytest.MonkeyPatch, looks: int, translated: int
) -> None:
    """It is asked before each batch, here one, and before every two of the three sentences."""
    left, done = iter(range(1, 100)), []
    real = validation.Bundle.search_stream

    def search_stream(*given: Any, **named: Any) -> Iterator[object]:
        for found in real(*given, **named):
            done.append(found)
            yield found

    monkeypatch.setattr(validation.Bundle, "search_stream", search_stream)
    monkeypatch.setitem(validation.TRANSLATED_AT_ONCE, "cpu", 2)
    roomy = dataclasses.replace(
        inputs,
        recipe=inputs.recipe.model_copy(
            update={"training": inputs.recipe.training.model_copy(update={"batch_tokens": 1000})}
        ),
    )
    model = inputs.untrained_model().eval()
    if looks > 3:
        assert validate(model, roomy, lambda: next(left) >= looks).quality is not None
    else:
        with pytest.raises(Interrupted):
            validate(model, roomy, lambda: next(left) >= looks)
    assert len(done) == translated


def test_a_model_of_no_numbers_translates_nothing(inputs: RunInputs) -> None:
    """faults.md C7: the search would say that a bundle is damaged."""
    model = inputs.untrained_model().eval()
    model.output.matrix.weight.data.fill_(float("nan"))
    found = validate(model, inputs)
    assert math.isnan(found.loss)
    assert found.quality is None


def test_it_leaves_the_model_as_it_was(inputs: RunInputs) -> None:
    model = inputs.untrained_model().eval()
    before = [parameter.detach().clone() for parameter in model.parameters()]
    validate(model, inputs)
    assert not model.training
    assert all(torch.equal(*pair) for pair in zip(model.parameters(), before, strict=True))


def test_nothing_to_translate(make_recipe: Callable[..., Recipe]) -> None:
    inputs = prepare_run(make_recipe("training.validate_sentences=0"))
    assert validate(inputs.untrained_model().eval(), inputs).scores is None


class TestSamples:
    def test_they_are_the_first_of_what_is_scored(self, make_recipe: Callable[..., Recipe], corpus: Path) -> None:
        """As the file has them, and as the model translates them greedily; nothing is translated twice."""
        asked: list[str] = []
        inputs = prepare_run(make_recipe("training.validate_samples=2"))
        model = inputs.untrained_model().eval()
        bundle = validation.Bundle(model, *inputs.tokenizers, inputs.recipe)
        sources, references = ((corpus / name).read_text().split("\n")[:2] for name in ("val.en", "val.fr"))
        expected = bundle.translate(sources, beam_size=1)
        with pytest.MonkeyPatch.context() as patch:
            real = validation.Bundle.search_stream
            patch.setattr(
                validation.Bundle,
                "search_stream",
                lambda self, texts, *given, **named: asked.extend(texts) or real(self, texts, *given, **named),
            )
            found = validate(model, inputs).samples
        assert [(one.source, one.reference, one.hypothesis) for one in found] == [
            *zip(sources, references, expected, strict=True)
        ]
        assert len(asked) == 3

    @pytest.mark.parametrize(("samples", "sentences", "count"), [(0, 3, 0), (9, 3, 3), (3, 0, 0)])
    def test_how_many(self, make_recipe: Callable[..., Recipe], samples: int, sentences: int, count: int) -> None:
        recipe = make_recipe(f"training.validate_samples={samples}", f"training.validate_sentences={sentences}")
        inputs = prepare_run(recipe)
        assert len(validate(inputs.untrained_model().eval(), inputs).samples) == count

    def test_they_change_no_weight(self, make_recipe: Callable[..., Recipe], tmp_path: Path) -> None:
        """Dropout draws, so that a number drawn in between would show."""
        for count in (0, 3):
            train(make_recipe(f"training.validate_samples={count}"), tmp_path / str(count))
        weights = [(tmp_path / name / "bundle" / "model.safetensors").read_bytes() for name in ("0", "3")]
        assert weights[0] == weights[1]
        assert not (tmp_path / "0" / "samples.jsonl").exists()
        assert len((tmp_path / "3" / "samples.jsonl").read_text().splitlines()) == 9


class TestSets:
    TWO = "data.validate=[{source: val.en, target: val.fr}, {source: train.en, target: train.fr, name: news}]"

    def test_each_is_judged_as_if_alone(self, make_recipe: Callable[..., Recipe]) -> None:
        inputs, first = prepare_run(make_recipe(self.TWO)), prepare_run(make_recipe())
        other = prepare_run(make_recipe("data.validate={source: train.en, target: train.fr}"))
        model = inputs.untrained_model().eval()
        found = validate(model, inputs)
        assert dataclasses.replace(found, others={}) == validate(model, first)
        assert [*found.others] == ["news"]
        assert found.others["news"] == validate(model, other)
        assert len(found.others["news"].samples) == 3
        assert Validation.from_plain(found.as_plain()) == found

    def test_the_first_one_chooses(self, make_recipe: Callable[..., Recipe], tmp_path: Path) -> None:
        """The run is the same with another set beside it, to the last bit."""
        train(make_recipe(), tmp_path / "one")
        result = train(make_recipe(self.TWO), tmp_path / "two")
        weights = [(tmp_path / name / "bundle" / "model.safetensors").read_bytes() for name in ("one", "two")]
        assert weights[0] == weights[1]
        judged = [line for line in result.history if "validation" in line]
        assert len(judged) == 3
        assert all(line["validation"]["others"]["news"]["quality"]["bleu"] >= 0 for line in judged)
        assert result.best is not None
        assert result.best.loss == min(line["validation"]["loss"] for line in judged)
        lines = [json.loads(line) for line in (tmp_path / "two" / "samples.jsonl").read_text().splitlines()]
        assert [one.get("set") for one in lines] == 3 * [None, None, None, "news", "news", "news"]
        card = (tmp_path / "two" / "bundle" / "README.md").read_text()
        assert "- on news: loss" in card

    def test_a_history_from_before_sets_had_names(self) -> None:
        plain = {"loss": 1.0, "perplexity": 2.7, "quality": None}
        found = Validation.from_plain({**plain, "old": {**plain, "loss": 3.0}})
        assert found == Validation(1.0, 2.7, others={"old": Validation(3.0, 2.7)})


class TestFigure:
    QUALITY = Quality(30.0, 50.0, 10.0, "", "")

    @pytest.mark.parametrize(("name", "expected"), [("loss", 2.0), ("bleu", -30.0), ("chrf", -50.0)])
    def test_lower_is_better(self, name: str, expected: float) -> None:
        assert Validation(2.0, math.exp(2.0), self.QUALITY).figure(name) == expected
