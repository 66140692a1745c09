"""Choices that cannot work; tests/training/test_resolving.py has those of a whole recipe."""

from collections.abc import Callable

import pytest

from clearhead.errors import RecipeError
from clearhead.recipe import ModelSettings, Recipe
from clearhead.tasks.translation.checking import check_grammar, check_model


def test_sizes_and_tokenizers_that_contradict_each_other() -> None:
    check_model(ModelSettings(preset="street"), 300, joint=True)
    with pytest.raises(RecipeError, match=r"model: width=100 is not divisible"):
        check_model(ModelSettings(preset="street", width=100, heads=3), 300, joint=True)
    with pytest.raises(RecipeError, match=r"text.joint=false gives source and target pieces of their own"):
        check_model(ModelSettings(preset="street"), 300, joint=False)


def test_another_grammar(make_recipe: Callable[..., Recipe]) -> None:
    check_grammar(make_recipe().data)
    street = make_recipe("data.folder=null", "data.embedded={corpus: street, pairs: 5, grammar: old}")
    with pytest.raises(RecipeError, match=r"data.embedded.grammar=old is another version of street"):
        check_grammar(street.data)
