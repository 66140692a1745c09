"""Tasks on texts: their models, how long rows are, and what is refused before a corpus is read."""

from collections.abc import Callable

import pytest
import torch

from clearhead.errors import RecipeError
from clearhead.model import DecoderOnly, EncoderOnly
from clearhead.recipe import Recipe
from clearhead.tasks import TASKS
from clearhead.tasks.measured import Measured, Sizes
from clearhead.training.run_inputs import prepare_run

# How many places of a row a document takes beside the tokens that a model predicts: a masked one reads the end, too.
ENDS = {"language-modelling": 0, "chat": 0, "masked-next-token": 1, "masked-language-modelling": 1}


@pytest.mark.parametrize("name", ENDS)
def test_its_models(name: str) -> None:
    task = TASKS[name]
    kind = EncoderOnly if name == "masked-language-modelling" else DecoderOnly
    config = task.config({"vocabulary": 9, "layers": 2, "width": 8, "heads": 2, "inner_width": 8})
    model = task.new_model(config, seed=4)
    assert isinstance(model, kind)
    for one, other in zip(model.parameters(), kind(config, seed=4).parameters(), strict=True):
        assert torch.equal(one, other)
    assert task.layers(model) == [*(model.encoder if isinstance(model, EncoderOnly) else model.decoder).layers]
    if isinstance(model, DecoderOnly):
        assert task.output_weight(model) is model.output.matrix.weight


@pytest.mark.parametrize("name", ENDS)
def test_the_end_of_a_document_is_read_where_places_are_masked(
    name: str, language_recipe: Callable[..., Recipe]
) -> None:
    task, recipe = TASKS[name], language_recipe()
    assert task.longest(recipe, 12, 16) == 12 + ENDS[name]
    assert task.longest(recipe, 16, 16) == task.longest(recipe, 40, 16) == 16


@pytest.mark.parametrize("name", ENDS)
def test_a_batch_holds_the_longest_document(name: str, language_recipe: Callable[..., Recipe]) -> None:
    """The model of the recipe has 16 places."""
    inputs = prepare_run(language_recipe())
    preset = {"decoder-only": "gpt_tiny", "encoder-only": "bert_tiny"}[TASKS[name].family]
    sizes = Sizes(32, inputs.recipe.model.model_copy(update={"preset": preset}))

    def packed_length(longest: int, **settings: object) -> int | None:
        training = inputs.recipe.training.model_copy(update=settings)
        return TASKS[name].packed_length(training, Measured(sizes, (32, 32), longest, longest))

    assert packed_length(9, batch_tokens=9 + ENDS[name]) is None
    with pytest.raises(RecipeError, match=r"training.batch_tokens=8 is less than one row of model.max_length="):
        packed_length(9, batch_tokens=8)
    assert packed_length(9, batch_tokens=64, packing=True, packed_length="auto") == 16


@pytest.mark.parametrize("name", ENDS)
def test_contradicting_sizes_are_refused(name: str, language_recipe: Callable[..., Recipe]) -> None:
    with pytest.raises(RecipeError, match=r"^model: width=15 is not divisible by heads=2"):
        TASKS[name].check(language_recipe(model={"width": 15, "heads": 2}))


def test_nobody_is_warned_of_a_large_model(language_recipe: Callable[..., Recipe]) -> None:
    assert all(TASKS[name].too_large(10**12, prepare_run(language_recipe()).training) is None for name in ENDS)
