"""One network that is GPT and BERT, as a task: a whole run, a run that is resumed, and what its bundle does."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from clearhead.bundle import load
from clearhead.decoding import Sampling
from clearhead.errors import RecipeError
from clearhead.evaluation import TwoWayScores
from clearhead.recipe import Recipe
from clearhead.tasks import TASKS
from clearhead.training import train
from clearhead.training.run_inputs import prepare_run

TASK = TASKS["masked-next-token"]
MakeRecipe = Callable[..., Recipe]
Runs = Callable[[Recipe], list[dict[Path, bytes]]]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"width": 15, "heads": 2}, "model: width=15 is not divisible by heads=2"),
        ({"positions": "relative"}, "model.positions=relative tells a decoder-only model nothing of what comes after"),
    ],
)
def test_sizes_that_cannot_be(two_way_recipe: MakeRecipe, model: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        prepare_run(two_way_recipe(model=model))


@pytest.mark.parametrize("training", [{}, {"packing": True}, {"loss": {"r_drop": 1.0}}], ids=["plain", "packed", "r"])
def test_a_run_learns_and_goes_on_exactly(
    two_way_recipe: MakeRecipe, straight_and_resumed: Runs, tmp_path: Path, training: dict[str, object]
) -> None:
    """All that a run writes is the same, byte by byte, whether or not it was stopped."""
    recipe = two_way_recipe(training={"steps": 24, "validate_every": 12, "checkpoint_every": 12, **training})
    straight, stopped = straight_and_resumed(recipe)
    assert straight == stopped
    lines = [json.loads(line) for line in (tmp_path / "straight" / "history.jsonl").read_text().splitlines()]
    judged = [line["validation"] for line in lines if "validation" in line]
    assert judged[-1]["loss"] < judged[0]["loss"] < math.log(40)
    text, masked = judged[-1]["both_ways"]["text"], judged[-1]["both_ways"]["masked"]
    together = (text["nats"] + masked["loss"] * masked["places"]) / (text["tokens"] + masked["places"])
    assert together == pytest.approx(judged[-1]["loss"], rel=1e-5)
    bundle = load(tmp_path / "straight")
    assert (bundle.settings.task, bundle.settings.documents) == ("masked-next-token", "line")


@torch.no_grad()
def test_the_bundle_does_both(two_way_recipe: MakeRecipe, tmp_path: Path) -> None:
    """It goes on with texts, and never writes the mask; under a full mask it has the scores of its validation."""
    result = train(two_way_recipe(training={"average": {"name": "none"}}), tmp_path / "run")
    bundle, inputs = load(tmp_path / "run"), prepare_run(two_way_recipe())
    texts = bundle.generations(["one"], n=20, max_tokens=8, sampling=Sampling(temperature=100.0))[0]
    mask = bundle.source_tokenizer.symbol("mask")
    assert not any(mask in one.tokens for one in texts)
    assert len({one.text for one in texts}) > 1
    assert bundle.encode("one")[0] == bundle.source_tokenizer.begin
    assert bundle.trace("one").family == "decoder-only"
    [judged], model = inputs.validation, bundle.model.eval()
    loss, right, count = 0.0, 0, 0
    for batch in TASK.batches_to_judge(inputs.recipe, judged.corpus, inputs.tokenizers):
        if batch.is_masked:
            real = (batch.ids != batch.padding)[:, None, None, :]
            states = model.hidden_states(batch.ids, real)
            logits, wanted = model.output(states).flatten(0, 1), batch.target_output.flatten()
            chosen = wanted != batch.padding
            loss += float(F.cross_entropy(logits[chosen], wanted[chosen], reduction="sum"))
            right += int((logits[chosen].argmax(-1) == wanted[chosen]).sum())
            count += int(chosen.sum())
    assert result.best is not None
    scores = result.best.scores
    assert isinstance(scores, TwoWayScores)
    assert scores.masked.places == count
    assert scores.masked.loss == pytest.approx(loss / count, rel=1e-5)
    assert scores.masked.accuracy == pytest.approx(right / count)


def test_auto_finds_a_number_of_tokens(two_way_recipe: MakeRecipe) -> None:
    inputs = prepare_run(two_way_recipe("file", {"batch_tokens": "auto"}))
    assert inputs.recipe.training.batch_tokens >= 16
    assert inputs.longest == 16
