"""Checkpoints: whole or refused, the newest kept, what does not fit said. Exact resuming is in test_loop.py."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file

from clearhead.errors import TrainingError
from clearhead.files import remove_drafts, sha256
from clearhead.recipe import Average, Recipe
from clearhead.training import checkpoint, train
from clearhead.training.average import MovingAverage
from clearhead.training.checkpoint import (
    TrainState,
    as_found,
    checkpoints,
    differences,
    disk_errors,
    find_damage,
    newest_checkpoint,
    read_state,
    read_tokenizers,
    restore,
    save_checkpoint,
)
from clearhead.training.flat_parameters import FlatParameters
from clearhead.training.optimizer_step import OptimizerStep
from clearhead.training.run_inputs import RunInputs, prepare_run

MakeRecipe = Callable[..., Recipe]


@pytest.fixture
def copy(run_folder: Path, tmp_path: Path) -> Path:
    """Checkpoints that a test may damage: step-60 and step-120."""
    return shutil.copytree(run_folder / "checkpoints", tmp_path / "run" / "checkpoints")


@pytest.fixture(scope="module")
def inputs(make_recipe: MakeRecipe) -> RunInputs:
    return prepare_run(make_recipe())


def save(folder: Path, inputs: RunInputs, step: int) -> Path:
    model = inputs.untrained_model()
    flat = FlatParameters(model)
    average = MovingAverage(flat, inputs.recipe.training.average)
    optimizer_step = OptimizerStep(flat, inputs.recipe.training.optimizer, lambda step: 0.1)
    return save_checkpoint(folder, TrainState(step=step), model, average, optimizer_step, inputs)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


class TestSaving:
    def test_what_is_in_one(self, copy: Path) -> None:
        assert names(copy / "step-120") == [
            "average.safetensors", "corpus.json", "machine.json", "manifest.json", "model.safetensors",
            "optimizer.safetensors", "position.json", "recipe.yaml", "tokenizer.json",
        ]  # fmt: skip

    def test_every_file_has_its_hash(self, copy: Path) -> None:
        manifest = json.loads((copy / "step-120" / "manifest.json").read_text())
        assert manifest == {
            path.name: sha256(path) for path in (copy / "step-120").iterdir() if path.name != "manifest.json"
        }

    def test_old_ones_go(self, make_recipe: MakeRecipe, tmp_path: Path) -> None:
        inputs = prepare_run(make_recipe("training.keep_checkpoints=2"))
        for step in (2, 10, 9, 100):
            save(tmp_path, inputs, step)
        assert names(tmp_path) == ["step-10", "step-100"]

    def test_killed_while_an_old_one_goes(
        self, make_recipe: MakeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """faults.md C10: none is ever half there under its own name, and the next run removes what is left."""
        inputs = prepare_run(make_recipe("training.keep_checkpoints=1"))
        save(tmp_path, inputs, 1)

        def killed(path: Path, ignore_errors: bool = False) -> None:
            if not path.exists():
                return  # The new one's draft, which is in its place.
            next(path.iterdir()).unlink()
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(shutil, "rmtree", killed)
            with pytest.raises(KeyboardInterrupt):
                save(tmp_path, inputs, 2)
        assert [path.name for path in checkpoints(tmp_path)] == ["step-2"]
        assert [find_damage(path) for path in checkpoints(tmp_path)] == [None]
        remove_drafts(tmp_path)
        assert names(tmp_path) == ["step-2"]

    def test_a_damaged_newer_one_does_not_push_out_the_one_just_written(
        self, make_recipe: MakeRecipe, tmp_path: Path
    ) -> None:
        """A run that fell back from step 20 to 10 and keeps one: at 15, step-20 is no newer checkpoint of this run."""
        inputs = prepare_run(make_recipe("training.keep_checkpoints=1"))
        save(tmp_path, inputs, 20)
        save(tmp_path, inputs, 10)
        assert names(tmp_path) == ["step-10", "step-20"]
        save(tmp_path, inputs, 15)
        assert names(tmp_path) == ["step-15", "step-20"]

    def test_it_is_replaced_by_the_same_step(self, inputs: RunInputs, tmp_path: Path) -> None:
        save(tmp_path, inputs, 3)
        (tmp_path / "step-3" / "model.safetensors").write_bytes(b"damaged")
        assert find_damage(save(tmp_path, inputs, 3)) is None


class TestFinding:
    def test_by_number_not_by_name(self, tmp_path: Path) -> None:
        for name in ("step-9", "step-10", "step-100", "step-x", "other", ".step-11.draft-1-ab", "step-12.old"):
            (tmp_path / name).mkdir()
        assert [path.name for path in checkpoints(tmp_path)] == ["step-100", "step-10", "step-9"]

    def test_no_folder(self, tmp_path: Path) -> None:
        assert list(checkpoints(tmp_path / "none")) == []
        with pytest.raises(TrainingError, match="holds no whole checkpoint to go on from"):
            newest_checkpoint(tmp_path / "none")

    def test_the_newest_whole_one(self, copy: Path) -> None:
        assert newest_checkpoint(copy) == (copy / "step-120", [])
        (copy / "step-120" / "position.json").write_text("{}")
        path, damaged = newest_checkpoint(copy)
        assert path == copy / "step-60"
        assert damaged == [f"{copy}/step-120/position.json is damaged: its sha256 is not that in manifest.json"]


class TestDamage:
    @pytest.mark.parametrize(
        "name",
        ["average.safetensors", "corpus.json", "machine.json", "manifest.json", "model.safetensors",
         "optimizer.safetensors", "position.json", "recipe.yaml", "tokenizer.json"],
    )  # fmt: skip
    @pytest.mark.parametrize("damage", ["cut", "flipped"])
    def test_every_byte_and_bit_counts(self, copy: Path, name: str, damage: str) -> None:
        path = copy / "step-60" / name
        content = bytearray(path.read_bytes())
        middle = content.index(b'": "') + 5 if name == "manifest.json" else len(content) // 2
        content[middle] ^= 4
        path.write_bytes(content[:middle] if damage == "cut" else content)
        assert "is damaged" in str(find_damage(copy / "step-60"))

    @pytest.mark.parametrize(
        "name", ["average.safetensors", "corpus.json", "manifest.json", "position.json", "tokenizer.json"]
    )
    def test_a_file_is_gone(self, copy: Path, name: str) -> None:
        (copy / "step-60" / name).unlink()
        assert "is damaged" in str(find_damage(copy / "step-60"))

    @pytest.mark.parametrize("content", ["", "[]", "3", "{", "{}", '{"model.safetensors": "ab"}'])
    def test_a_manifest_that_says_too_little(self, copy: Path, content: str) -> None:
        """An empty manifest must not make an empty checkpoint whole."""
        (copy / "step-60" / "manifest.json").write_text(content)
        assert "is damaged" in str(find_damage(copy / "step-60"))


class TestReading:
    def test_the_position(self, copy: Path) -> None:
        position = read_state(copy / "step-60")
        assert (position.step, position.best_step, position.unlogged_tokens) == (60, 60, 0)

    def test_the_position_of_another_version(self, copy: Path) -> None:
        (copy / "step-60" / "position.json").write_text('{"step": 3, "moon": "full"}')
        with pytest.raises(TrainingError, match=r"is of another version of clearhead .*moon.*; train anew"):
            read_state(copy / "step-60")

    def test_tokenizers(self, copy: Path) -> None:
        source, target = read_tokenizers(copy / "step-60")
        assert source is target
        (copy / "step-60" / "tokenizer.json").write_text("{}")
        with pytest.raises(TrainingError, match=r"step-60: .*is not a clearhead tokenizer"):
            read_tokenizers(copy / "step-60")

    def test_weights_of_another_model(self, copy: Path, make_recipe: MakeRecipe) -> None:
        inputs = prepare_run(make_recipe("model.width=32"))
        model = inputs.untrained_model()
        flat = FlatParameters(model)
        average = MovingAverage(flat, inputs.recipe.training.average)
        optimizer_step = OptimizerStep(flat, inputs.recipe.training.optimizer, lambda step: 0.1)
        with pytest.raises(TrainingError, match=r"does not fit the recipe's model .*; train into another folder"):
            restore(copy / "step-60", model, average, optimizer_step)

    def test_a_run_that_had_an_average_goes_on_without(self, copy: Path, inputs: RunInputs) -> None:
        """From its newest weights, not from their average."""
        model = inputs.untrained_model()
        flat = FlatParameters(model)
        average = MovingAverage(flat, Average(name="none"))
        optimizer_step = OptimizerStep(flat, inputs.recipe.training.optimizer, lambda step: 0.1)
        restore(copy / "step-60", model, average, optimizer_step)
        newest = load_file(copy / "step-60" / "model.safetensors")
        averaged = load_file(copy / "step-60" / "average.safetensors")
        assert any(not torch.equal(newest[name], averaged[name]) for name in newest)
        for kept in (model, average.model):
            found = kept.state_dict()
            assert all(torch.equal(found[name], value) for name, value in newest.items())

    def test_what_comes_back_is_a_copy(self, copy: Path, inputs: RunInputs) -> None:
        """Training changes it in place; the file must not change with it, nor vanish from under it."""
        model = inputs.untrained_model()
        flat = FlatParameters(model)
        average = MovingAverage(flat, inputs.recipe.training.average)
        optimizer_step = OptimizerStep(flat, inputs.recipe.training.optimizer, lambda step: 0.1)
        restore(copy / "step-60", model, average, optimizer_step)
        shutil.rmtree(copy / "step-60")
        for parameter in model.parameters():
            assert parameter.grad is not None
            parameter.grad.fill_(1.0)
        optimizer_step.prepare(61)
        optimizer_step.update(torch.tensor(1.0))
        assert all(torch.isfinite(parameter).all() for parameter in model.parameters())


class TestDifferences:
    def test_none(self, copy: Path, make_recipe: MakeRecipe) -> None:
        recipe = make_recipe("training.steps=120", "training.validate_every=60", "training.checkpoint_every=60")
        assert differences(copy / "step-60", prepare_run(recipe)) == []

    def test_each_key(self, copy: Path, make_recipe: MakeRecipe) -> None:
        changes = ("training.steps=120", "training.validate_every=60", "training.checkpoint_every=60")
        recipe = make_recipe(*changes, "training.seed=2", "training.patience=7", "data.train.0.weight=2")
        assert differences(copy / "step-60", prepare_run(recipe)) == [
            "data.train.0.weight is 2.0, but was 1.0 at the checkpoint",
            "training.patience is 7, but was None at the checkpoint",
            "training.seed is 2, but was 1 at the checkpoint",
        ]

    def test_another_processor(self, copy: Path, make_recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch) -> None:
        """Which library multiplies, and in which order, is chosen by it."""
        recipe = make_recipe("training.steps=120", "training.validate_every=60", "training.checkpoint_every=60")
        kind = json.loads((copy / "step-60" / "machine.json").read_text())["processor"]
        monkeypatch.setattr(checkpoint, "processor_kind", lambda: "GenuineIntel 6 143")
        assert differences(copy / "step-60", prepare_run(recipe)) == [
            f"processor is GenuineIntel 6 143 here, but was {kind} at the checkpoint"
        ]

    def test_what_an_older_clearhead_did_not_write(self, copy: Path, make_recipe: MakeRecipe) -> None:
        """It is not known to be another one."""
        recipe = make_recipe("training.steps=120", "training.validate_every=60", "training.checkpoint_every=60")
        machine = copy / "step-60" / "machine.json"
        known = json.loads(machine.read_text())
        del known["processor"]
        machine.write_text(json.dumps(known))
        assert differences(copy / "step-60", prepare_run(recipe)) == []


def test_the_number_that_was_found_is_taken_over(copy: Path, make_recipe: MakeRecipe) -> None:
    """The tiny recipe's 160; and a number that is given stays."""
    assert as_found(copy / "step-60", make_recipe("training.batch_tokens=auto")).training.batch_tokens == 160
    assert as_found(copy / "step-60", make_recipe("training.batch_tokens=200")).training.batch_tokens == 200


def test_disk_errors_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"the run .* cannot be written .No space left on device.; make room"):  # noqa: SIM117
        with disk_errors(tmp_path):
            raise OSError(28, "No space left on device")


@pytest.mark.parametrize(("made", "remedy"), [("checkpoints", "then go on with --resume"), ("", "name another folder")])
def test_only_a_run_that_began_can_go_on(tmp_path: Path, made: str, remedy: str) -> None:
    (tmp_path / made).mkdir(exist_ok=True)
    with pytest.raises(TrainingError, match=remedy), disk_errors(tmp_path):
        raise OSError(1, "Operation not permitted")


def test_a_weight_file_that_cannot_be_written(inputs: RunInputs, tmp_path: Path) -> None:
    """safetensors has an exception of its own for it."""
    (tmp_path / "checkpoints").write_text("a file, so that no folder can be made in it")
    with pytest.raises(TrainingError, match="cannot be written"):
        save(tmp_path / "checkpoints", inputs, 1)


def test_a_run_can_be_trained_twice_in_one_process(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    for name in ("a", "b"):
        train(make_recipe("training.steps=1"), tmp_path / name)
    one, other = (tmp_path / name / "checkpoints" / "step-1" / "manifest.json" for name in ("a", "b"))
    assert one.read_bytes() == other.read_bytes()

    def test_a_key_that_an_older_clearhead_did_not_have(self, copy: Path, make_recipe: MakeRecipe) -> None:
        """It did what the key's default does."""
        changes = ("training.steps=120", "training.validate_every=60", "training.checkpoint_every=60")
        recipe = copy / "step-60" / "recipe.yaml"
        values = yaml.safe_load(recipe.read_text())
        del values["text"]["merge_dropout"]
        recipe.write_text(yaml.safe_dump(values))
        assert differences(copy / "step-60", prepare_run(make_recipe(*changes))) == []
        assert differences(copy / "step-60", prepare_run(make_recipe(*changes, "text.merge_dropout=0.2"))) == [
            "text.merge_dropout is 0.2, but was 0.0 at the checkpoint"
        ]

    def test_a_key_that_there_is_no_more(self, copy: Path, make_recipe: MakeRecipe) -> None:
        changes = ("training.steps=120", "training.validate_every=60", "training.checkpoint_every=60")
        recipe = copy / "step-60" / "recipe.yaml"
        recipe.write_text(recipe.read_text() + "abandoned: 3\n")
        assert differences(copy / "step-60", prepare_run(make_recipe(*changes))) == [
            "abandoned is None, but was 3 at the checkpoint"
        ]
