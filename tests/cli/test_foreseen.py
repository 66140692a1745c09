"""What a dry run prints."""

import dataclasses
from collections.abc import Callable

import pytest

from clearhead.cli.foreseen import foreseen_lines
from clearhead.recipe import Recipe
from clearhead.training import DryRun
from clearhead.training.run_inputs import prepare_run

MakeRecipe = Callable[..., Recipe]


@pytest.fixture
def found(make_recipe: MakeRecipe) -> DryRun:
    changes = "training.steps=100", "training.validate_every=30", "training.checkpoint_every=50", "training.patience=7"
    inputs = prepare_run(make_recipe(*changes, "training.keep_checkpoints=1"))
    return DryRun(inputs, 2**20, 8, 0.5, 400.0, 20.0, 3 * 2**29, ("beware",))


def test_what_is_said(found: DryRun) -> None:
    """By hand: 100 steps are 50 s, 4 validations 80 s; two checkpoints of 16 MiB at a time and a bundle of 4 MiB."""
    text = "\n".join(foreseen_lines(found))
    assert "a step: 0.500 s and 400 tokens, the mean of 8 steps: 800 tokens/s" in text
    assert "memory: 1.5 GiB at most in the steps that were tried" in text
    assert "disk: about 36 MiB at most" in text
    assert "time: 0:50 for 100 steps, and validations: 4 of 0:20 each" in text
    assert "in all: about 2:10, unless 7 validations without a better one end it" in text
    assert "warning: beware" in text


def test_what_nobody_knows(found: DryRun) -> None:
    assert "memory: not known here" in foreseen_lines(dataclasses.replace(found, memory=None))
