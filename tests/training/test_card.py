"""The model card."""

from collections.abc import Callable
from pathlib import Path

import pytest

from clearhead.evaluation import Quality
from clearhead.recipe import Recipe
from clearhead.training.card import model_card
from clearhead.training.run_inputs import prepare_run
from clearhead.training.validation import Validation

VALIDATION = Validation(1.5, 4.4817, Quality(31.234, 55.5, 20.0, "nrefs:1|tok:13a", "nc:6"))


def test_what_it_says(make_recipe: Callable[..., Recipe]) -> None:
    """Data, sizes, scores with signatures, how to use it (DESIGN)."""
    card = model_card(prepare_run(make_recipe()), 12_345, 2_600, 1_000_000, VALIDATION)
    for part in (
        "# tiny", "12,345 parameters, 1+1 layers, width 16, 2 heads", "30 sentence pairs",
        "train.en, train.fr (en → fr)",
        "2,600 steps, 1,000,000 target tokens", "exponential moving average, decay 0.995", "loss 1.5000",
        "perplexity 4.482", "BLEU 31.23 (nrefs:1|tok:13a)", "chrF 55.50 (nc:6)",
        'bundle.translate("a sentence")', "clearhead translate PATH-OF-THIS-FOLDER\n",
    ):  # fmt: skip
        assert part in card


def test_a_model_of_several_languages_is_asked_for_one(make_recipe: Callable[..., Recipe]) -> None:
    card = model_card(prepare_run(make_recipe("text={size: 260, tags: true}")), 1, 1, 1, VALIDATION)
    assert 'bundle.translate("a sentence", to="fr")' in card
    assert "clearhead translate PATH-OF-THIS-FOLDER --to fr\n" in card


def test_each_set_is_on_it(make_recipe: Callable[..., Recipe]) -> None:
    found = Validation(1.5, 4.5, name="dev", others={"news": VALIDATION, "old": Validation(2.5, 12.0)})
    card = model_card(prepare_run(make_recipe()), 1, 1, 1, found)
    assert "On the validation set dev:" in card
    assert "- on news: BLEU 31.23 (nrefs:1|tok:13a)" in card
    assert "- of what it learned before: loss 2.5000" in card


def test_without_translations(make_recipe: Callable[..., Recipe]) -> None:
    inputs = prepare_run(make_recipe("training.average.name=none"))
    card = model_card(inputs, 1, 1, 1, Validation(1.5, 4.5, None))
    assert "BLEU" not in card
    assert "those of the last step. Every" in card


def test_rounded_weights(make_recipe: Callable[..., Recipe]) -> None:
    card = model_card(prepare_run(make_recipe("training.bundle_precision=fp16")), 1, 1, 1, VALIDATION)
    assert "decay 0.995, rounded to float16 when they were stored. Every" in card


@pytest.mark.parametrize("part", ["# tiny", "9,776 parameters", "BLEU"])
def test_every_bundle_carries_it(run_folder: Path, part: str) -> None:
    assert part in (run_folder / "bundle" / "README.md").read_text(encoding="utf-8")
