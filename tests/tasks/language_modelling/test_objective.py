"""Language modelling as a task: a whole run, and a run that is resumed."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from clearhead.bundle import load
from clearhead.errors import RecipeError
from clearhead.recipe import Recipe
from clearhead.tasks import TASKS
from clearhead.training.run_inputs import prepare_run

TASK = TASKS["language-modelling"]
MakeRecipe = Callable[..., Recipe]
Runs = Callable[[Recipe], list[dict[Path, bytes]]]


def test_its_files(language_recipe: MakeRecipe) -> None:
    assert TASK.files(language_recipe().data) == ["a.txt"]
    assert TASK.first_use(language_recipe(), "runs/a") == "generate runs/a one"


def test_sizes_that_contradict_each_other(language_recipe: MakeRecipe) -> None:
    with pytest.raises(RecipeError, match="model: width=15 is not divisible by heads=2"):
        prepare_run(language_recipe(model={"width": 15, "heads": 2}))


@pytest.mark.parametrize("training", [{}, {"packing": True}, {"loss": {"r_drop": 1.0}}], ids=["plain", "packed", "r"])
@pytest.mark.parametrize("documents", ["file", "line"])
def test_a_run_learns_and_goes_on_exactly(
    language_recipe: MakeRecipe, straight_and_resumed: Runs, tmp_path: Path, documents: str, training: dict[str, object]
) -> None:
    """All that a run writes is the same, byte by byte, whether or not it was stopped."""
    recipe = language_recipe(documents, training)
    straight, stopped = straight_and_resumed(recipe)
    assert straight == stopped
    lines = [json.loads(line) for line in (tmp_path / "straight" / "history.jsonl").read_text().splitlines()]
    judged = [line["validation"] for line in lines if "validation" in line]
    assert judged[-1]["loss"] < judged[0]["loss"] < math.log(32)
    assert judged[-1]["quality"] is None
    bundle = load(tmp_path / "straight")
    assert (bundle.settings.task, bundle.settings.documents) == ("language-modelling", documents)
    assert isinstance(bundle.generate("one", max_tokens=3), str)


def test_auto_finds_a_number_of_tokens(language_recipe: MakeRecipe) -> None:
    inputs = prepare_run(language_recipe(training={"batch_tokens": "auto"}))
    assert inputs.recipe.training.batch_tokens >= 16
    assert inputs.longest == 16
