"""What a run would take, and that nothing comes of finding out."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from clearhead.errors import TrainingError
from clearhead.recipe import Recipe
from clearhead.training import dry_run, train
from clearhead.training.trying import TIMED

MakeRecipe = Callable[..., Recipe]


def test_what_is_found(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    """It has the parameters of the run itself, leaves torch's random numbers alone, and writes nothing."""
    recipe = make_recipe("training.steps=5", "training.validate_every=2")
    before = torch.random.get_rng_state()
    found = dry_run(recipe, tmp_path / "run")
    assert torch.equal(torch.random.get_rng_state(), before)
    assert not (tmp_path / "run").exists()
    assert (found.tried, found.validations) == (3, 3)
    assert min(found.seconds_a_step, found.tokens_a_step, found.seconds_a_validation) > 0
    assert found.seconds == pytest.approx(5 * found.seconds_a_step + 3 * found.seconds_a_validation)
    model = train(make_recipe("training.steps=1"), tmp_path / "run").bundle.model
    assert found.parameters == sum(one.numel() for one in model.parameters())


def test_a_run_of_one_step(make_recipe: MakeRecipe) -> None:
    assert dry_run(make_recipe("training.steps=1")).tried == 1
    assert TIMED > 1


def test_what_training_would_refuse(make_recipe: MakeRecipe, run_folder: Path) -> None:
    with pytest.raises(TrainingError, match="already holds a run"):
        dry_run(make_recipe(), run_folder)
