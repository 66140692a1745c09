"""How many places a row has, and a batch that cannot hold one."""

import pytest

from clearhead.errors import RecipeError
from clearhead.recipe import Training
from clearhead.tasks.language_modelling.lengths import packed_length


def test_a_row_has_the_models_places_unless_the_recipe_says_otherwise() -> None:
    assert packed_length(Training(steps=1), 1000, 64) is None
    assert packed_length(Training(steps=1, packing=True), 1000, 64) == 64
    assert packed_length(Training(steps=1, packing=True, packed_length=96), 1000, 64) == 96


def test_a_batch_that_holds_no_row() -> None:
    assert packed_length(Training(steps=1, batch_tokens=20), 20, 64) is None
    with pytest.raises(RecipeError, match=r"batch_tokens=20 is less than one row of model.max_length=64; raise the fo"):
        packed_length(Training(steps=1, batch_tokens=20), 1000, 64)
    with pytest.raises(RecipeError, match=r"batch_tokens=20 is less than one row of training.packed_length=32"):
        packed_length(Training(steps=1, batch_tokens=20, packing=True, packed_length=32), 1000, 64)
