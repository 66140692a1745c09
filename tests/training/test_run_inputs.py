"""From a recipe to what a run reads."""

from collections.abc import Callable

import pytest
import torch

from clearhead.model import EncoderDecoder
from clearhead.recipe import Recipe
from clearhead.text import BytePairTokenizer
from clearhead.training.run_inputs import prepare_run

MakeRecipe = Callable[..., Recipe]


class TestGathering:
    def test_what_there_is(self, make_recipe: MakeRecipe) -> None:
        inputs = prepare_run(make_recipe())
        assert len(inputs.training) == 30
        assert [len(one.corpus) for one in inputs.validation] == [6]
        assert inputs.validation[0].sources == ("six one", "six two", "six three")
        assert inputs.validation[0].references == ("six un", "six deux", "six trois")
        assert inputs.source_tokenizer is inputs.target_tokenizer
        assert inputs.config.width == 16

    def test_separate_tokenizers(self, make_recipe: MakeRecipe) -> None:
        inputs = prepare_run(make_recipe("text={size: 262, joint: false}", "model.share_embeddings=target"))
        assert inputs.source_tokenizer.encode("three") != inputs.target_tokenizer.encode("three")
        assert inputs.untrained_model().config.share_embeddings == "target"

    def test_tags(self, make_recipe: MakeRecipe) -> None:
        """DESIGN: the target language's tag stands before each source."""
        inputs = prepare_run(make_recipe("text={size: 260, tags: true}"))
        assert inputs.source_tokenizer.languages == ("fr",)
        assert int(inputs.training.source[0][0]) == inputs.source_tokenizer.tag("fr")
        assert inputs.validation[0].to_language == "fr"

    def test_the_model_is_the_seeds(self, make_recipe: MakeRecipe) -> None:
        first, again, other = (
            next(iter(prepare_run(make_recipe(f"training.seed={seed}")).untrained_model().parameters()))
            for seed in (1, 1, 2)
        )
        assert torch.equal(first, again)
        assert not torch.equal(first, other)

    def test_a_set_has_its_own_corpora(self, make_recipe: MakeRecipe) -> None:
        """In the order of the recipe's; that of no name chooses."""
        one, other = "source: train.en, target: train.fr", "source: val.en, target: val.fr, from: en, to: fr"
        recipe = make_recipe(f"data.validate=[{{{one}, name: a}}, {{{other}, name: b}}, {{{other}, name: a}}]")
        inputs = prepare_run(recipe)
        assert inputs.validation_name == "a"
        assert [len(one.corpus) for one in inputs.validation] == [30, 6]
        assert {name: [len(one.corpus) for one in each] for name, each in inputs.other_validation.items()} == {"b": [6]}
        unnamed = prepare_run(make_recipe(f"data.validate=[{{{one}, name: a}}, {{{other}}}]"))
        assert (unnamed.validation_name, [len(one.corpus) for one in unnamed.validation]) == ("", [6])
        assert unnamed.validation[0].corpus.key == prepare_run(make_recipe()).validation[0].corpus.key

    def test_a_share_of_any_set_is_not_learned_from(self, make_recipe: MakeRecipe) -> None:
        """Each source is there once, so that a fifth of thirty is six pairs."""
        other = "{source: val.en, target: val.fr, name: b}"
        inputs = prepare_run(make_recipe(f"data.validate=[{other}, {{share: 0.2, name: c}}]"))
        assert [len(one.corpus) for one in inputs.validation] == [6]
        assert [len(one.corpus) for one in inputs.other_validation["c"]] == [6]
        assert len(inputs.training) == 24
        alone = prepare_run(make_recipe("data.validate={share: 0.2}"))
        assert inputs.training.key == alone.training.key
        assert inputs.other_validation["c"][0].corpus.key == alone.validation[0].corpus.key

    def test_filters_are_for_training_only(self, make_recipe: MakeRecipe) -> None:
        inputs = prepare_run(make_recipe("data.filters.max_tokens=8"))
        assert len(inputs.training) < 30
        assert len(inputs.validation[0].corpus) == 6


def test_what_is_given_is_not_made_again(make_recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tokenizers of a run that is resumed; and a model is made when it is asked for."""
    given = prepare_run(make_recipe())
    both = given.source_tokenizer, given.target_tokenizer
    monkeypatch.setattr(BytePairTokenizer, "learn", pytest.fail)
    monkeypatch.setattr(EncoderDecoder, "__init__", pytest.fail)
    again = prepare_run(make_recipe(), both)
    assert again.training.key == given.training.key
    assert again.recipe == given.recipe
