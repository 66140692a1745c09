"""Classification as a task: its models, a whole run, and a run that is resumed."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from clearhead.bundle import load
from clearhead.errors import BundleError, RecipeError, TrainingError
from clearhead.evaluation import ClassScores
from clearhead.model import EncoderOnly
from clearhead.recipe import Recipe, build_recipe
from clearhead.tasks import TASKS
from clearhead.training import Callback, Validation, loop, train
from clearhead.training.run_inputs import prepare_run

TASK = TASKS["classification"]
MakeRecipe = Callable[..., Recipe]


def test_its_models() -> None:
    config = TASK.config({"vocabulary": 9, "layers": 2, "width": 8, "heads": 2, "inner_width": 8, "classes": 2})
    model = TASK.new_model(config, seed=4)
    assert isinstance(model, EncoderOnly)
    for one, other in zip(model.parameters(), EncoderOnly(config, seed=4).parameters(), strict=True):
        assert torch.equal(one, other)
    assert TASK.layers(model) == [*model.encoder.layers]


def test_its_files(table_recipe: MakeRecipe) -> None:
    assert TASK.files(table_recipe().data) == ["train.tsv", "val.tsv"]
    assert TASK.first_use(table_recipe(), "runs/a") == "classify runs/a"


def test_no_masked_head_is_made(table_recipe: MakeRecipe) -> None:
    """It would learn nothing, and a bundle would hold it."""
    model = prepare_run(table_recipe()).untrained_model()
    assert model.output is None
    assert not any(name.startswith(("transform", "output")) for name, _ in model.named_parameters())


PAIRS = {"source": "a", "target": "b"}


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("data.labels", {"data": {"train": PAIRS, "validate": PAIRS, "labels": ["a", "b"]}}),
        ("training.class_weights", {"training": {"steps": 1, "class_weights": "root"}}),
    ],
)
def test_other_tasks_have_no_classes(key: str, changes: dict[str, Any]) -> None:
    values = {"name": "a", "data": {"train": PAIRS, "validate": PAIRS}, "training": {"steps": 1}}
    with pytest.raises(RecipeError, match=f"{key} is for classification; remove it, as task=translation has no"):
        build_recipe({**values, **changes}, "r")


@pytest.mark.parametrize(
    "training", [{}, {"loss": {"r_drop": 1.0}}, {"class_weights": "balanced", "optimizer": {"name": "muon"}}],
    ids=["plain", "r", "weighted"],
)  # fmt: skip
def test_a_run_learns_and_goes_on_exactly(
    table_recipe: MakeRecipe, tmp_path: Path, training: dict[str, object]
) -> None:
    """All that a run writes is the same, byte by byte, whether or not it was stopped."""
    recipe = table_recipe(training)
    train(recipe, tmp_path / "straight")
    steps = iter(range(100))
    train(recipe, tmp_path / "stopped", should_stop=lambda: next(steps) >= 3)
    train(recipe, tmp_path / "stopped", resume=True)
    straight, stopped = (
        {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in sorted((tmp_path / name).rglob("*"))
            if path.is_file() and path.name != "timing.jsonl" and "step-3" not in path.parts
        }
        for name in ("straight", "stopped")
    )
    assert straight == stopped
    bundle = load(tmp_path / "straight")
    assert (bundle.settings.task, bundle.settings.labels) == ("classification", ("even", "odd"))
    lines = [json.loads(line) for line in (tmp_path / "straight" / "history.jsonl").read_text().splitlines()]
    judged = [line["validation"] for line in lines if "validation" in line]
    assert judged[-1]["classes"]["labels"] == ["even", "odd"]
    assert judged[-1]["quality"] is None


def test_what_is_plain_is_learned(table_recipe: MakeRecipe, tmp_path: Path) -> None:
    """The last word decides; chance is a half."""
    training = {"steps": 150, "validate_every": 75, "checkpoint_every": 150, "select_by": "accuracy"}
    data = {"validate": {"table": "train.tsv"}}
    result = train(table_recipe({**training, "class_weights": "root"}, data=data), tmp_path / "run")
    assert result.best is not None
    assert result.best.scores is not None
    assert result.best.scores.figures["accuracy"] == 1.0
    assert result.state.best == -1.0


def test_one_class_for_all_is_said_once(
    table_recipe: MakeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the first validation, and not after the second."""
    told: list[str] = []

    class Told(Callback):
        def on_warning(self, message: str) -> None:
            told.append(message)

    same = ClassScores(("even", "odd"), ((1, 0), (1, 0)))
    monkeypatch.setattr(loop, "validate", lambda *given: Validation(0.7, 2.0, same))
    train(table_recipe(), tmp_path / "run", callbacks=[Told()])
    assert told == [same.doubt]


def test_a_resumed_run_keeps_its_classes(table_recipe: MakeRecipe, tmp_path: Path) -> None:
    steps = iter(range(100))
    train(table_recipe(), tmp_path / "run", should_stop=lambda: next(steps) >= 3)
    with pytest.raises(TrainingError, match=r"data.labels.0 is odd, but was even when the run began"):
        train(table_recipe(data={"labels": ["odd", "even"]}), tmp_path / "run", resume=True)


def change(path: Path, **fields: object) -> None:
    """A config whose own hash is right."""
    config = {**json.loads(path.read_text(encoding="utf-8")), **fields}
    del config["sha256"]
    text = json.dumps(config, sort_keys=True, separators=(",", ":"))
    config["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    path.write_text(json.dumps(config), encoding="utf-8")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["even", "odd", "none"], "config.json has 3 labels for a model of 2 classes; copy the bundle again"),
        (["even", 3], "its labels are no list of names"),
        ("eo", "its labels are no list of names"),
        (["odd", "odd"], "its labels are not all different"),
    ],
)
def test_the_labels_of_a_bundle(table_recipe: MakeRecipe, tmp_path: Path, labels: object, message: str) -> None:
    train(table_recipe({"steps": 1}), tmp_path / "run")
    change(tmp_path / "run" / "bundle" / "config.json", labels=labels)
    with pytest.raises(BundleError, match=message):
        load(tmp_path / "run")


def test_auto_finds_a_number_of_tokens(table_recipe: MakeRecipe) -> None:
    inputs = prepare_run(table_recipe({"batch_tokens": "auto"}))
    assert inputs.recipe.training.batch_tokens >= 13
    assert inputs.longest == 13
