"""The newest checkpoints of a run, and those of its best validations."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clearhead.errors import UsageError
from clearhead.training.choosing_checkpoints import best_checkpoints, last_checkpoints


@pytest.fixture
def run(run_folder: Path, tmp_path: Path) -> Callable[..., Path]:
    """`run(steps, validations)`: a run with checkpoints of these steps, and with what each validation found."""

    def run(steps: list[int], validations: dict[int, dict[str, Any]]) -> Path:
        folder = tmp_path / "실행"
        folder.mkdir()
        recipe = run_folder / "checkpoints" / "step-120" / "recipe.yaml"
        for step in steps:
            (folder / "checkpoints" / f"step-{step}").mkdir(parents=True)
            shutil.copyfile(recipe, folder / "checkpoints" / f"step-{step}" / "recipe.yaml")
        lines = [{"step": step, "validation": found, "best": False} for step, found in validations.items()]
        text = "".join(f"{json.dumps(line)}\n" for line in [{"step": 1, "loss": 9.0}, *lines])
        (folder / "history.jsonl").write_text(text, encoding="utf-8")
        return folder

    return run


def found(loss: float | None, bleu: float | None = None) -> dict[str, Any]:
    """A validation as the history has it."""
    signatures = {"bleu_signature": "", "chrf_signature": ""}
    quality = None if bleu is None else {"bleu": bleu, "chrf": 100 - bleu, "exact": 0.0, **signatures}
    return {"loss": loss, "perplexity": 1.0, "quality": quality}


def steps(checkpoints: list[Path]) -> list[str]:
    return [path.name for path in checkpoints]


def test_the_newest_come_first_by_their_numbers(run: Callable[..., Path]) -> None:
    """As text, step-90 would stand behind step-1000."""
    folder = run([90, 1000, 100], {})
    assert steps(last_checkpoints(folder, 2)) == ["step-1000", "step-100"]
    assert steps(last_checkpoints(str(folder), 3)) == ["step-1000", "step-100", "step-90"]


def test_the_best_by_the_loss_which_the_recipe_selects_by(run: Callable[..., Path]) -> None:
    """Of steps 10 to 50, losses 3, 1, 2, none and 0.5, where the last has no checkpoint any more."""
    losses = {10: found(3.0), 20: found(1.0), 30: found(2.0), 40: found(None), 50: found(0.5)}
    folder = run([10, 20, 30, 40], losses)
    assert steps(best_checkpoints(folder, 2)) == ["step-20", "step-30"]
    assert steps(best_checkpoints(folder, 3)) == ["step-20", "step-30", "step-10"]


def test_the_best_by_a_score(run: Callable[..., Path]) -> None:
    """The highest, unlike a loss; of equal ones the newer."""
    folder = run([10, 20, 30, 40], {10: found(1.0, 30), 20: found(2.0, 50), 30: found(3.0, 50), 40: found(4.0)})
    assert steps(best_checkpoints(folder, 3, "bleu")) == ["step-30", "step-20", "step-10"]
    assert steps(best_checkpoints(folder, 2, "chrf")) == ["step-10", "step-30"]


def test_a_run_that_was_trained(run_folder: Path) -> None:
    """Its losses are those of its history."""
    lines = [json.loads(line) for line in (run_folder / "history.jsonl").read_text(encoding="utf-8").splitlines()]
    losses = {line["step"]: line["validation"]["loss"] for line in lines if "validation" in line}
    ordered = [f"step-{step}" for step in sorted(losses, key=losses.__getitem__)]
    assert steps(best_checkpoints(run_folder, 2)) == ordered
    assert set(steps(last_checkpoints(run_folder, 2))) == set(ordered)


@pytest.mark.parametrize(
    ("choose", "message"),
    [
        (
            lambda run: last_checkpoints(run, 5),
            "실행 holds 3 checkpoints, but 5 are asked for; ask for 3, or train with training.keep_checkpoints=5",
        ),
        (
            lambda run: best_checkpoints(run, 2),
            "실행 holds 1 checkpoint with a validation, but 2 are asked for; train with training.keep_checkpoints=2 "
            "and training.checkpoint_every as training.validate_every",
        ),
        (lambda run: best_checkpoints(run, 2, "f1"), "no validation of .*실행 measured f1; choose one of loss"),
        (
            lambda run: last_checkpoints(run / "checkpoints", 2),
            "checkpoints is no run folder, so it has no checkpoints",
        ),
        (
            lambda run: best_checkpoints(run / "없음", 2),
            "없음 is no run folder, so it has no checkpoints; name one that",
        ),
    ],
)
def test_what_cannot_be_chosen(run: Callable[..., Path], choose: Callable[[Path], object], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        choose(run([10, 20, 30], {10: found(1.0)}))
    assert "\n" not in str(caught.value)


def test_a_run_without_any(run: Callable[..., Path]) -> None:
    folder = run([], {10: found(1.0)})
    (folder / "checkpoints").mkdir()
    for choose in (last_checkpoints, best_checkpoints):
        with pytest.raises(UsageError, match=r"holds 0 checkpoints.*, but 2 are asked for; train with"):
            choose(folder, 2)
