"""`clearhead average`: means by hand are in tests/training/test_checkpoint_averaging.py."""

import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from safetensors.numpy import load_file

from clearhead.cli.average import Figure
from clearhead.recipe import Training

Run = Callable[..., Any]


def mean_of(paths: list[Path]) -> dict[str, np.ndarray]:
    stored = [load_file(path / "average.safetensors") for path in paths]
    return {name: np.mean([one[name].astype(np.float64) for one in stored], 0).astype(np.float32) for name in stored[0]}


@pytest.mark.parametrize("options", [["--last", "2"], ["--best", "2", "--by", "bleu"]])
def test_a_runs_checkpoints_become_a_bundle(
    clearhead: Run, run_folder: Path, corpus: Path, tmp_path: Path, options: list[str]
) -> None:
    """It is measured and translates like any other."""
    out = tmp_path / "평균 모델"
    result = clearhead("average", run_folder, *options, "--out", out)
    assert (result.code, result.err) == (0, "")
    assert result.lines[0] == "the mean of 2 models of 9,776 parameters:"
    assert sorted(result.lines[1:3]) == ["  0.5000  tiny, step 120", "  0.5000  tiny, step 60"]
    assert result.lines[3:] == [f"{out}: a bundle"]
    expected = mean_of([run_folder / "checkpoints" / f"step-{step}" for step in (60, 120)])
    found = load_file(out / "model.safetensors")
    assert all(np.array_equal(found[name], numbers) for name, numbers in expected.items())
    judged = clearhead("evaluate", out, corpus / "val.en", corpus / "val.fr", "--quiet")
    assert (judged.code, judged.err) == (0, "")
    assert judged.lines[0].endswith("of 6 lines")
    assert len(clearhead("translate", out, stdin=b"one two\n").lines) == 1


def test_named_models_by_their_shares(clearhead: Run, run_folder: Path, tmp_path: Path) -> None:
    steps = [run_folder / "checkpoints" / f"step-{step}" for step in (60, 120)]
    result = clearhead("average", *steps, "--shares", "3,1", "--out", tmp_path / "mean", "--quiet")
    assert (result.code, result.out, result.err) == (0, b"", "")
    one, other = (load_file(step / "average.safetensors") for step in steps)
    for name, numbers in load_file(tmp_path / "mean" / "model.safetensors").items():
        np.testing.assert_allclose(numbers, 0.75 * one[name] + 0.25 * other[name], rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{run}"], "tiny alone has no mean; name other models beside it, or choose checkpoints of a run by --last N"),
        (["{run}", "--last", "2", "--best", "2"], "--last 2 and --best 2 are two ways to choose checkpoints; leave"),
        (
            ["{run}", "--last", "2", "--by", "bleu"],
            "--by bleu says what --best compares; add --best N, or leave it out",
        ),
        (
            ["{run}", "street", "--last", "2"],
            "--last 2 chooses among the checkpoints of one run, but 2 are named; name",
        ),
        (["{run}", "street", "--shares", "a,b"], "--shares 'a,b' are no numbers; expected one for each MODEL, as in"),
        (["{run}", "street", "--shares", "1"], "2 models need 2 shares, in their order, not 1"),
        (["{run}", "--last", "5"], "holds 2 checkpoints, but 5 are asked for; ask for 2, or train with training.keep"),
        (["{run}", "--best", "3"], "holds 2 checkpoints with a validation, but 3 are asked for; ask for 2, or train"),
        (
            ["{run}", "--last", "1"],
            "Invalid value for '--last': '1' is not allowed: expected 2 or more; try `clearhead",
        ),
        (["street", "--last", "2"], "street is no run folder, so it has no checkpoints; name one that"),
        (["{run}", "street"], "street has languages="),
        (["{run}", "{run}/bundle"], "tiny are one model; name each once, and weigh them by shares"),
        (["{run}", "없음"], "model 없음 does not exist; expected a run folder"),
    ],
)
def test_refused_in_one_line(
    clearhead: Run, run_folder: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    given = [one.format(run=run_folder) for one in arguments]
    result = clearhead("average", *given, "--out", tmp_path / "mean")
    assert (result.code, result.out) == (2, b"")
    assert message in result.err
    assert result.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_no_place_for_it(clearhead: Run, run_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mean").mkdir()
    (tmp_path / "mean" / "notes.txt").write_text("mine", encoding="utf-8")
    result = clearhead("average", run_folder, "--last", "2", "--out", tmp_path / "mean")
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "mean exists and is not empty, so nothing is written there; name another folder" in result.err
    assert [one.name for one in (tmp_path / "mean").iterdir()] == ["notes.txt"]


def test_the_figures_are_those_that_a_recipe_selects_by() -> None:
    assert get_args(Figure) == get_args(typing.get_type_hints(Training)["select_by"])
