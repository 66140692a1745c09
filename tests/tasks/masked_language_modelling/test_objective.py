"""Masked language modelling as a task: a whole run, and a run that is resumed."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from clearhead.bundle import load
from clearhead.errors import RecipeError
from clearhead.evaluation import MaskedScores
from clearhead.recipe import Recipe
from clearhead.tasks import TASKS
from clearhead.training import train
from clearhead.training.run_inputs import prepare_run

TASK = TASKS["masked-language-modelling"]
MakeRecipe = Callable[..., Recipe]
Runs = Callable[[Recipe], list[dict[Path, bytes]]]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"width": 15, "heads": 2}, "model: width=15 is not divisible by heads=2"),
        ({"masked_head": "none"}, "model.masked_head=none leaves nothing to predict masked pieces with; choose tr"),
    ],
)
def test_sizes_that_cannot_be(masked_recipe: MakeRecipe, model: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        prepare_run(masked_recipe(model=model))


@pytest.mark.parametrize("training", [{}, {"packing": True}, {"loss": {"r_drop": 1.0}}], ids=["plain", "packed", "r"])
@pytest.mark.parametrize("documents", ["file", "line"])
def test_a_run_learns_and_goes_on_exactly(
    masked_recipe: MakeRecipe, straight_and_resumed: Runs, tmp_path: Path, documents: str, training: dict[str, object]
) -> None:
    """All that a run writes is the same, byte by byte, whether or not it was stopped."""
    recipe = masked_recipe(documents, {"steps": 60, "validate_every": 30, "checkpoint_every": 30, **training})
    straight, stopped = straight_and_resumed(recipe)
    assert straight == stopped
    lines = [json.loads(line) for line in (tmp_path / "straight" / "history.jsonl").read_text().splitlines()]
    judged = [line["validation"] for line in lines if "validation" in line]
    assert judged[-1]["loss"] < judged[0]["loss"] < math.log(40)
    assert judged[-1]["masked"]["loss"] == pytest.approx(judged[-1]["loss"], rel=1e-5)
    assert "text" not in judged[-1]
    bundle = load(tmp_path / "straight")
    assert (bundle.settings.task, bundle.settings.documents) == ("masked-language-modelling", documents)
    assert bundle.source_tokenizer.symbols == ("mask",)


@torch.no_grad()
def test_the_validation_is_that_of_the_bundle(masked_recipe: MakeRecipe, tmp_path: Path) -> None:
    """Loss and accuracy by torch, text by text, of the model that is loaded."""
    result = train(masked_recipe(training={"average": {"name": "none"}}), tmp_path / "run")
    assert result.best is not None
    scores = result.best.scores
    assert isinstance(scores, MaskedScores)
    inputs, model = prepare_run(masked_recipe()), load(tmp_path / "run").model.eval()
    [judged] = inputs.validation
    loss, right, count = 0.0, 0, 0
    for batch in TASK.batches_to_judge(inputs.recipe, judged.corpus, inputs.tokenizers):
        mask = (batch.ids != batch.padding)[:, None, None, :]
        logits = model(batch.ids, mask).logits.flatten(0, 1)[batch.places]
        loss += float(F.cross_entropy(logits, batch.target_output, reduction="sum"))
        right += int((logits.argmax(-1) == batch.target_output).sum())
        count += len(batch.places)
    assert scores.places == count
    assert scores.loss == pytest.approx(loss / count, rel=1e-5)
    assert scores.accuracy == pytest.approx(right / count)


def test_auto_finds_a_number_of_tokens(masked_recipe: MakeRecipe) -> None:
    inputs = prepare_run(masked_recipe("file", {"batch_tokens": "auto"}))
    assert inputs.recipe.training.batch_tokens >= 16
    assert inputs.longest == 16
