"""How good a model is: against sums by hand and sacreBLEU's own cases."""

import dataclasses
import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F

from clearhead.recipe import Recipe
from clearhead.training import validation
from clearhead.training.preparation import Materials, gather
from clearhead.training.validation import (
    Interrupted,
    Quality,
    Validation,
    compare,
    measure,
    shown_perplexity,
    translation_quality,
    validate,
)

SENTENCES = ["the cat sat on the mat", "a dog runs in the park", "she reads a long book", "it rains in the city"]


@pytest.fixture(scope="module")
def materials(make_recipe: Callable[..., Recipe]) -> Materials:
    return gather(make_recipe("training.batch_tokens=30"))


def test_the_loss_is_the_mean_over_tokens(materials: Materials) -> None:
    """Sentence by sentence, without padding, with torch's cross-entropy in float64."""
    model, tokenizer = materials.untrained_model().eval(), materials.target_tokenizer
    corpus = materials.validation[0].corpus
    total = 0.0
    with torch.inference_mode():
        for number in range(len(corpus)):
            source, target = (torch.tensor([file[number].tolist()]) for file in (corpus.source, corpus.target))
            logits = model(source, torch.cat([torch.tensor([[tokenizer.begin]]), target[:, :-1]], dim=1))
            total += float(F.cross_entropy(logits[0].double(), target[0], reduction="sum"))
    found = validate(model, materials)
    assert found.loss == pytest.approx(total / corpus.target.tokens, rel=1e-5)
    assert found.perplexity == pytest.approx(math.exp(found.loss))


def test_no_batch_of_logits_is_ever_whole(materials: Materials, monkeypatch: pytest.MonkeyPatch) -> None:
    """faults.md C9: `batch_tokens: auto` was found with the loss in chunks; the figure is that of whole logits."""
    model = materials.untrained_model().eval()
    corpora = [one.corpus for one in materials.validation]
    whole: list[int] = []
    model.output.register_forward_hook(lambda module, given, logits: whole.append(logits.shape[0]))
    found = validation.validation_loss(model, corpora, materials)
    assert whole == []
    monkeypatch.setattr(validation, "is_on", lambda name: name != "chunked-loss")
    assert validation.validation_loss(model.double(), corpora, materials) == pytest.approx(found, rel=1e-6)
    assert whole


@pytest.mark.parametrize(("looks", "translated"), [(1, []), (2, []), (3, [2]), (4, [2, 1])])
def test_it_ends_where_it_is_asked_to(
    materials: Materials, monkeypatch: pytest.MonkeyPatch, looks: int, translated: list[int]
) -> None:
    """faults.md C15: it is asked before each batch, here one, and before every two of the three sentences."""
    left, done = iter(range(1, 100)), []
    real = validation.Bundle.translate

    def translate(self: object, texts: list[str], *given: object, **named: object) -> object:
        done.append(len(texts))
        return real(self, texts, *given, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(validation.Bundle, "translate", translate)
    monkeypatch.setitem(validation.TRANSLATED_AT_ONCE, "cpu", 2)
    roomy = dataclasses.replace(
        materials,
        recipe=materials.recipe.model_copy(
            update={"training": materials.recipe.training.model_copy(update={"batch_tokens": 1000})}
        ),
    )
    model = materials.untrained_model().eval()
    if looks > 3:
        assert validate(model, roomy, lambda: next(left) >= looks).quality is not None
    else:
        with pytest.raises(Interrupted):
            validate(model, roomy, lambda: next(left) >= looks)
    assert done == translated


def test_a_model_of_no_numbers_translates_nothing(materials: Materials) -> None:
    """faults.md C7: the search would say that a bundle is damaged."""
    model = materials.untrained_model().eval()
    model.output.matrix.weight.data.fill_(float("nan"))
    found = validate(model, materials)
    assert math.isnan(found.loss)
    assert found.quality is None


@pytest.mark.parametrize(
    ("perplexity", "shown"),
    [
        (3.4369, "3.44"),
        (999.4, "999.40"),
        (999.96, "1,000"),
        (45_678.9, "45,679"),
        (999_999.4, "999,999"),
        (999_999.5, "> 999,999"),
        (1e304, "> 999,999"),
        (math.inf, "> 999,999"),
        (math.nan, "nan"),
    ],
)
def test_six_digits_of_perplexity_at_most(perplexity: float, shown: str) -> None:
    """faults.md C7."""
    assert shown_perplexity(perplexity) == shown
    assert sum(map(str.isdigit, shown_perplexity(perplexity, 3))) <= 6


def test_it_leaves_the_model_as_it_was(materials: Materials) -> None:
    model = materials.untrained_model().eval()
    before = [parameter.detach().clone() for parameter in model.parameters()]
    validate(model, materials)
    assert not model.training
    assert all(torch.equal(*pair) for pair in zip(model.parameters(), before, strict=True))


def test_nothing_to_translate(make_recipe: Callable[..., Recipe]) -> None:
    materials = gather(make_recipe("training.validate_sentences=0"))
    assert translation_quality(materials.untrained_model().eval(), materials) is None


class TestMeasure:
    def test_all_right(self) -> None:
        quality = measure(SENTENCES, SENTENCES)
        assert (round(quality.bleu, 6), round(quality.chrf, 6), quality.exact) == (100.0, 100.0, 100.0)

    def test_half_right(self) -> None:
        assert measure([*SENTENCES[:2], "x", "y"], SENTENCES).exact == 50.0

    def test_bleu_by_hand(self) -> None:
        """Papineni et al. 2002: 5 of 6 words, 3 of 5 pairs, 2 of 4 triples, 1 of 3 quadruples; equal length."""
        expected = 100 * (5 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25
        assert measure(["the cat sat on a mat"], ["the cat sat on the mat"]).bleu == pytest.approx(expected)

    def test_text_that_is_tokenised_already(self) -> None:
        """13a takes "d,e" apart, as the reference does; none leaves it one word, which the reference does not have."""
        assert measure(["a b c d,e"], ["a b c d ,e"], "none").bleu < 80
        assert measure(["a b c d,e"], ["a b c d ,e"]).bleu == pytest.approx(100)
        assert "tok:none" in measure(["a"], ["a"], "none").bleu_signature

    def test_signatures_say_what_was_computed(self) -> None:
        """The issue asks for cased, 13a; sacreBLEU writes it so."""
        quality = measure(SENTENCES, SENTENCES)
        assert {"nrefs:1", "case:mixed", "tok:13a"} <= set(quality.bleu_signature.split("|"))
        assert {"nc:6", "nw:0"} <= set(quality.chrf_signature.split("|"))

    def test_exact_is_the_same_text_not_the_same_bytes(self) -> None:
        """é as one character and as e with an accent (U+0065 U+0301) are canonically equal: Unicode, annex 15."""
        assert measure(["été"], ["e\u0301te\u0301"]).exact == 100.0


class TestCompare:
    def test_a_system_and_itself(self) -> None:
        assert compare(SENTENCES * 5, SENTENCES * 5, SENTENCES * 5) > 0.5

    def test_all_right_and_all_wrong(self) -> None:
        assert compare(SENTENCES * 5, ["wrong"] * 20, SENTENCES * 5) < 0.01


class TestFigure:
    QUALITY = Quality(30.0, 50.0, 10.0, "", "")

    @pytest.mark.parametrize(("name", "expected"), [("loss", 2.0), ("bleu", -30.0), ("chrf", -50.0)])
    def test_lower_is_better(self, name: str, expected: float) -> None:
        assert Validation(2.0, math.exp(2.0), self.QUALITY).figure(name) == expected
