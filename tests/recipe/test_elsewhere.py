"""Another toolkit's name for a setting is answered with ours."""

from collections.abc import Callable

import pytest

from clearhead.errors import RecipeError
from clearhead.recipe import Recipe
from clearhead.recipe.elsewhere import CALLED_ELSEWHERE
from clearhead.recipe.explaining import _all_keys


def test_each_leads_to_a_key_and_is_none() -> None:
    """What is a key of ours somewhere is not explained by another's."""
    keys = _all_keys(Recipe)
    assert set(CALLED_ELSEWHERE.values()) <= set(keys)
    assert not CALLED_ELSEWHERE.keys() & {key.rpartition(".")[2] for key in keys}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("training.learning_rate=1e-3", "training.learning_rate; did you mean training.schedule.peak?"),
        ("training.lr=1e-3", "training.lr; did you mean training.schedule.peak?"),
        ("training.warmup-steps=10", "training.warmup-steps; did you mean training.schedule.warmup?"),
        ("model.d_model=512", "model.d_model; did you mean model.width?"),
        ("model.num_layers=2", "model.num_layers; did you mean model.encoder_layers?"),
        ("training.epochs=10", "training.epochs; did you mean training.steps?"),
        ("batch_size=10", "batch_size; did you mean training.batch_tokens?"),
    ],
)
def test_the_line(make_recipe: Callable[..., Recipe], change: str, named: str) -> None:
    with pytest.raises(RecipeError) as caught:
        make_recipe(change)
    assert f"unknown key {named}" in str(caught.value)
