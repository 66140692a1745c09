"""A checkpoint in use: the model that its run kept of the same step, to the last bit."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from clearhead.bundle import Bundle, load
from clearhead.errors import TrainingError
from clearhead.model.as_built import departure
from clearhead.recipe import Recipe, build_recipe
from clearhead.training import train
from clearhead.training.checkpoint_bundle import bundle_of, is_checkpoint
from clearhead.training.result import TrainingResult

TRAINING = {
    "device": "cpu", "precision": "fp32", "steps": 4, "batch_tokens": 64, "validate_every": 2, "checkpoint_every": 2,
    "patience": None, "schedule": {"peak": 0.01, "warmup": 1},
}  # fmt: skip


def assert_the_same(one: Bundle, other: Bundle) -> None:
    assert one.config == other.config
    assert one.settings == other.settings
    assert one.source_scripts == other.source_scripts
    named = dict(other.model.named_parameters())
    assert {name for name, _ in one.model.named_parameters()} == named.keys()
    assert all(torch.equal(parameter, named[name]) for name, parameter in one.model.named_parameters())


def test_it_is_the_bundle_of_that_step(make_recipe: Callable[..., Recipe], tmp_path: Path) -> None:
    """By the moving average, which the newest weights are not."""
    result = train(make_recipe("training.keep_checkpoints=3"), tmp_path / "실행")
    place = tmp_path / "실행" / "checkpoints" / f"step-{result.state.best_step}"
    assert is_checkpoint(place)
    assert not is_checkpoint(tmp_path / "실행")
    found = bundle_of(place)
    assert_the_same(found, result.bundle)
    assert found.source_scripts is not None
    assert found.translate("one two") == result.bundle.translate("one two")


def learned(folder: Path, task: str, **values: Any) -> TrainingResult:
    """A run of texts, or of texts and labels, of one letter each."""
    (folder / "a.tsv").write_text("one\to\ntwo\tt\nthree\tt\n" * 4, encoding="utf-8")
    table = {"table": "a.tsv", "columns": [1, 2] if task == "classification" else 1}
    training = {**TRAINING, **values.pop("training", {})}
    model = values.pop("model", {"width": 16, "heads": 2, "inner_width": 32, "layers": 1, "max_length": 16})
    document = {"name": "tiny", "task": task, "data": {"folder": str(folder), "train": table, "validate": table}}
    return train(build_recipe({**document, "model": model, "training": training, **values}, "tiny"), folder / task)


def test_adapters_are_merged_as_the_run_merges_them(tmp_path: Path) -> None:
    """Of a classifier, whose labels and new head are part of it."""
    base = learned(tmp_path, "masked-language-modelling", text={"kind": "characters"})
    lora = {"from": str(base.folder), "lora": {"rank": 2, "alpha": 4, "targets": ["query"]}}
    result = learned(tmp_path, "classification", model=lora)
    found = bundle_of(result.folder / "checkpoints" / f"step-{result.state.best_step}")
    assert_the_same(found, result.bundle)
    assert found.settings.labels == ("o", "t")
    assert departure(found.model) is None


def test_without_the_runs_bundle_no_scripts_are_known(run_folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(run_folder / "checkpoints" / "step-120", tmp_path / "checkpoints" / "step-120")
    assert load(run_folder).source_scripts is not None
    assert bundle_of(copy).source_scripts is None


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("average.safetensors", b"", r"average\.safetensors is damaged: .*; name another checkpoint"),
        ("manifest.json", b"{", r"step-120 is damaged: .*; name another checkpoint"),
    ],
)
def test_a_damaged_one(run_folder: Path, tmp_path: Path, file: str, content: bytes, message: str) -> None:
    copy = shutil.copytree(run_folder / "checkpoints" / "step-120", tmp_path / "step-120")
    (copy / file).write_bytes(content)
    with pytest.raises(TrainingError, match=message) as caught:
        bundle_of(copy)
    assert "\n" not in str(caught.value)


def test_one_of_another_version(run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose recipe has a key that there is no more."""
    copy = shutil.copytree(run_folder / "checkpoints" / "step-120", tmp_path / "step-120")
    (copy / "recipe.yaml").write_text("gone: 1\n", encoding="utf-8")
    monkeypatch.setattr("clearhead.training.checkpoint_bundle.find_damage", lambda path: None)
    with pytest.raises(TrainingError, match="is of another version of clearhead; name another, or train anew"):
        bundle_of(copy)


def test_weights_of_another_model(run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = shutil.copytree(run_folder / "checkpoints" / "step-120", tmp_path / "step-120")
    shutil.copyfile(copy / "optimizer.safetensors", copy / "average.safetensors")
    monkeypatch.setattr("clearhead.training.checkpoint_bundle.find_damage", lambda path: None)
    with pytest.raises(TrainingError, match=r"step-120 does not fit its own recipe \(.*\); name another$") as caught:
        bundle_of(copy)
    assert "\n" not in str(caught.value)
