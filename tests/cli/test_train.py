"""`clearhead train`. Signals are tested in test_app.py."""

import io
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clearhead.cli.app import main
from clearhead.recipe import Recipe, load_recipe
from clearhead.training import validation
from clearhead.training.run_lock import run_lock

Run = Callable[..., Any]


def test_a_run(clearhead: Run, recipe_file: Path, tmp_path: Path) -> None:
    result = clearhead("train", recipe_file, "training.steps=4", "--out", tmp_path / "run")
    assert (result.code, result.out) == (0, b"")
    # On a busy machine what lasts is said in between.
    lines = [line for line in result.err.split("\n") if " elapsed" not in line]
    assert lines[0].startswith("tiny: 30 pairs")
    assert lines[2].startswith("step 2/4  loss ")
    assert lines[-2].startswith(f"{tmp_path}/run holds the model (best at step 4); try: ")
    assert lines[-2].endswith(f"clearhead translate {tmp_path}/run --in FILE")
    assert clearhead("translate", tmp_path / "run", "--quiet", stdin=b"one\n").code == 0


def test_a_run_without_a_folder_lies_in_runs(
    clearhead: Run, recipe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the recipe's name, whatever that is. A second one is refused as by --out."""
    monkeypatch.chdir(tmp_path)
    command = "train", recipe_file, "training.steps=2", "training.validate_every=2", "name=../아주 작은", "--quiet"
    assert clearhead(*command).code == 0
    assert (tmp_path / "runs" / "아주-작은" / "bundle" / "config.json").is_file()
    assert "아주-작은" in clearhead(*command).err


def test_what_to_type_next_names_a_language_where_one_is_needed(
    clearhead: Run, recipe_file: Path, tmp_path: Path
) -> None:
    changes = ("training.steps=4", "text.tags=true", "text.size=300")
    result = clearhead("train", recipe_file, *changes, "--out", tmp_path / "run")
    assert result.err.rstrip().endswith(f"clearhead translate {tmp_path}/run --to fr --in FILE")


def test_quiet(clearhead: Run, recipe_file: Path, tmp_path: Path) -> None:
    result = clearhead("train", recipe_file, "training.steps=4", "--out", tmp_path / "run", "--quiet")
    assert (result.code, result.out, result.err) == (0, b"", "")


def test_a_second_time(clearhead: Run, recipe_file: Path, tmp_path: Path) -> None:
    """Refused, then resumed, then resumed though nothing is left to do."""
    command = ("train", recipe_file, "--out", tmp_path / "run", "--quiet")
    assert clearhead(*command, "training.steps=2").code == 0
    assert clearhead(*command, "training.steps=4").code == 2
    resumed = clearhead("train", recipe_file, "--out", tmp_path / "run", "training.steps=4", "--resume")
    assert resumed.code == 0
    assert "warning: training.steps is 4, but was 2 at the checkpoint" in resumed.err
    assert "from step 2" in resumed.err
    assert clearhead(*command, "training.steps=4", "--resume").code == 0


def test_a_folder_that_another_process_trains_into(clearhead: Run, recipe_file: Path, tmp_path: Path) -> None:
    with run_lock(tmp_path / "run"):
        result = clearhead("train", recipe_file, "--out", tmp_path / "run")
    assert (result.code, result.out) == (2, b"")
    assert result.err == (
        f"clearhead: --out {tmp_path}/run: another process is training into it; wait until it ends, or name another "
        "folder\n"
    )


def test_what_was_found_is_said(clearhead: Run, recipe_file: Path, tmp_path: Path) -> None:
    """In one line; and the number is in the model's recipe."""
    command = "train", recipe_file, "training.steps=2", "training.validate_every=2", "training.batch_tokens=auto"
    result = clearhead(*command, "--out", tmp_path / "run")
    assert result.code == 0
    (line,) = (line for line in result.err.splitlines() if "batch_tokens" in line)
    assert line.startswith("clearhead: training.batch_tokens=auto is 4,096, ")
    assert "batch_tokens: 4096" in (tmp_path / "run" / "bundle" / "recipe.yaml").read_text()
    assert clearhead(*command, "--out", tmp_path / "quiet", "--quiet").err == ""


def test_print_recipe(clearhead: Run, recipe_file: Path, make_recipe: Callable[..., Recipe], tmp_path: Path) -> None:
    """What it prints is a recipe: the same one."""
    result = clearhead("train", recipe_file, "training.steps=7", "--print-recipe")
    assert (result.code, result.err) == (0, "")
    (tmp_path / "again.yaml").write_bytes(result.out)
    assert load_recipe(tmp_path / "again.yaml") == make_recipe("training.steps=7")


def test_print_recipe_is_utf_8_on_any_terminal(recipe_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In another encoding a name became "\\ud55c\\uc601", which a recipe does not read back."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    assert main(["train", str(recipe_file), "name=한영", "--print-recipe"]) == 0
    assert stream.buffer.getvalue().startswith("name: 한영\n".encode())  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["street", "multi30k-en-de"])
def test_recipes_by_name(clearhead: Run, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEARHEAD_DATA", "/data")
    assert f"name: {name}" in clearhead("train", name, "--print-recipe").lines


def test_a_run_without_a_number(
    clearhead: Run, recipe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was better than nothing: there is no model to name."""
    from clearhead.training import Validation, loop

    monkeypatch.setattr(loop, "validate", lambda *given: Validation(float("nan"), float("nan"), None))
    result = clearhead("train", recipe_file, "training.steps=4", "--out", tmp_path / "run")
    assert "no validation gave a number, so no model was kept" in result.err


def test_doubts_about_the_files_are_said_once(clearhead: Run, recipe_file: Path, tmp_path: Path) -> None:
    """faults.md C1: a model that learns to copy, and a validation of what it was trained on. Not again by --resume."""
    command = "train", recipe_file, "data.train.0.target=train.en", "training.validate_every=100"
    told = clearhead(*command, "training.steps=1", "--out", tmp_path / "run")
    assert told.code == 0
    assert told.err.count("train.en is both the source and the target, so the model learns to copy") == 1
    assert told.err.count("warning: ") == 1
    again = clearhead(*command, "training.steps=2", "--out", tmp_path / "run", "--resume")
    assert (again.code, again.err.count("is both the source")) == (0, 0)


def test_a_signal_while_it_validates(
    clearhead: Run, recipe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """faults.md C15: all of the set was judged and translated first. Of three batches one is, and none counts."""
    command = "train", recipe_file, "training.batch_tokens=30", "--out", tmp_path / "run"
    begun: list[object] = []
    batch_loss = validation._batch_loss

    def asked_to_end(*given: Any) -> Any:
        begun.append(given)
        if len(begun) == 1:
            signal.raise_signal(signal.SIGTERM)
        return batch_loss(*given)

    with monkeypatch.context() as patch:
        patch.setattr(validation, "_batch_loss", asked_to_end)
        assert clearhead(*command).code == 143
    assert len(begun) == 1
    history = tmp_path / "run" / "history.jsonl"
    assert '"validation"' not in history.read_text()
    assert clearhead(*command, "--resume").code == 0
    assert history.read_text().count('"validation"') == 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_refused(clearhead: Run, recipe_file: Path, tmp_path: Path) -> None:
    """faults.md C12: `<(zcat …)` was "empty (0 lines)". Nobody writes into this one, so nothing may wait for it."""
    os.mkfifo(tmp_path / "pipe")
    told = clearhead("train", recipe_file, f"data.train.0.source={tmp_path / 'pipe'}", "--out", tmp_path / "run")
    assert (told.code, told.err.count("\n")) == (2, 1)
    assert "pipe is a pipe or a device, which can be read only once; give a file" in told.err


class TestSeeds:
    def test_the_summary(self, clearhead: Run, recipe_file: Path, tmp_path: Path) -> None:
        result = clearhead("train", recipe_file, "training.steps=2", "--out", tmp_path / "runs", "--seeds", 2)
        assert result.code == 0
        assert result.lines[0] == "2 seeds: mean ± standard deviation (each)"
        assert [line.split()[0] for line in result.lines[1:]] == ["loss", "bleu", "chrf"]
        assert "seed 1, 1 of 2" in result.err
        assert "seed 2, 2 of 2" in result.err
        assert {path.name for path in (tmp_path / "runs").iterdir()} == {"seed-1", "seed-2", "seeds.json"}
        again = clearhead(
            "train", recipe_file, "training.steps=2", "--out", tmp_path / "runs", "--seeds", 2, "--resume", "--quiet"
        )
        assert (again.code, again.lines, again.err) == (0, result.lines, "")

    def test_a_second_time(self, clearhead: Run, recipe_file: Path, tmp_path: Path) -> None:
        command = ("train", recipe_file, "training.steps=2", "--out", tmp_path / "runs", "--seeds", 2, "--quiet")
        assert clearhead(*command).code == 0
        result = clearhead(*command)
        assert result.code == 2
        assert "seed-1 already holds a run; go on with it by --resume" in result.err

    def test_one_seed_is_a_plain_run(self, clearhead: Run, recipe_file: Path, tmp_path: Path) -> None:
        assert clearhead("train", recipe_file, "--out", tmp_path / "runs", "--seeds", 1).code == 2


def test_a_dry_run_says_what_a_run_takes_and_writes_none(clearhead: Run, recipe_file: Path, tmp_path: Path) -> None:
    result = clearhead("train", recipe_file, "training.steps=3", "--dry-run", "--out", tmp_path / "run")
    assert (result.code, result.err) == (0, "")
    assert result.lines[-1] == "nothing was trained, and no run was written"
    assert any(line.startswith("in all: about ") for line in result.lines)
    assert not (tmp_path / "run").exists()
    for option in (["--resume"], ["--seeds", "2"]):
        refused = clearhead("train", recipe_file, "--dry-run", *option)
        assert (refused.code, refused.out) == (2, b"")
        assert f"--dry-run is for one new run; leave {option[0]} out" in refused.err


def test_figures_for_other_programs(
    clearhead: Run, recipe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = "train", recipe_file, "training.steps=2", "--quiet"
    assert clearhead(*command, "--out", tmp_path / "run", "--log", "csv").code == 0
    assert (tmp_path / "run" / "figures.csv").read_text().startswith("step,training/loss,")
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    missing = clearhead(*command, "--out", tmp_path / "other", "--log", "tensorboard")
    assert (missing.code, missing.err.count("\n")) == (2, 1)
    assert "pip install 'clearhead[tensorboard]'" in missing.err
    assert not (tmp_path / "other").exists()
