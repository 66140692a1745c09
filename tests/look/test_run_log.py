"""What a run wrote of itself: its lines as they are, and what the page makes of them."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from clearhead.errors import BundleError
from clearhead.look.run_log import RunLog, curves_of, read_run


def test_the_curves_of_a_history(judged_history: list[dict[str, Any]]) -> None:
    found = curves_of(judged_history)
    assert list(found) == ["loss", "scores", "rate"]
    assert found["loss"]["validation"] == ([10, 15], [3.0, 3.5])
    assert found["loss"]["validation/old"] == ([10, 15], [4.0, 4.5])
    assert found["scores"] == {"bleu": ([10, 15], [20.0, 10.0]), "chrf": ([10, 15], [40.0, 20.0])}
    steps, values = found["loss"]["training"]
    assert (steps, values[0], math.isnan(values[1]), values[2]) == ([5, 10, 15], 4.0, True, 2.0)


def test_what_is_not_a_number_is_a_gap() -> None:
    """JSON has no NaN: a history has null."""
    diverged = {"step": 5, "validation": {"loss": None, "perplexity": None, "quality": None}, "best": False}
    (value,) = curves_of([diverged])["loss"]["validation"][1]
    assert math.isnan(value)


def test_a_model_that_is_not_scored_has_two_panels() -> None:
    assert list(curves_of([{"step": 5, "loss": 4.0, "learning_rate": 0.1}])) == ["loss", "rate"]


def test_a_run_is_read(run_folder: Path, tmp_path: Path) -> None:
    found = read_run(run_folder)
    assert [line["step"] for line in found.history if "loss" in line][-1] == 120
    assert [*found.samples] == [json.loads(line) for line in (run_folder / "samples.jsonl").read_text().splitlines()]
    assert read_run(run_folder / "bundle") == found
    assert read_run(tmp_path) == read_run(None) == RunLog()


def test_a_line_that_is_being_written_is_left_out(tmp_path: Path) -> None:
    """The run may still train: a line may end within a letter, too."""
    line = json.dumps({"step": 5, "loss": 4.0, "learning_rate": 0.1})
    sample = {"step": 5, "source": "집", "reference": "house", "hypothesis": "집"}
    for name, whole in (("history", line), ("samples", json.dumps(sample, ensure_ascii=False))):
        text = f"{whole}\n".encode()
        (tmp_path / f"{name}.jsonl").write_bytes(text + text[: text.find("집".encode()) + 1 or 9])
    found = read_run(tmp_path)
    assert ([*found.history], [*found.samples]) == ([json.loads(line)], [sample])


DAMAGED = [
    "{",
    "[]",
    "3",
    "{}",
    '{"step": 5}',
    '{"step": 5, "validation": 3}',
    '{"step": 5, "validation": {}}',
    "[" * 9999,
]


@pytest.mark.parametrize("line", DAMAGED)
@pytest.mark.parametrize("name", ["history.jsonl", "samples.jsonl"])
def test_a_damaged_line_is_named(name: str, line: str, tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_text("", encoding="utf-8")
    (tmp_path / name).write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(BundleError, match=rf"{name} cannot be read .*; move it away to look without it"):
        read_run(tmp_path)


def test_what_the_page_is_told(judged_history: list[dict[str, Any]]) -> None:
    sample = {"step": 10, "source": "one", "reference": "un", "hypothesis": "un"}
    found = json.loads(json.dumps(RunLog(judged_history, [sample]).document(), allow_nan=False))
    assert found["curves"] == {
        "loss": {
            "training": [[5, 4.0], [10, None], [15, 2.0]],
            "validation": [[10, 3.0], [15, 3.5]],
            "validation/old": [[10, 4.0], [15, 4.5]],
        },
        "scores": {"bleu": [[10, 20.0], [15, 10.0]], "chrf": [[10, 40.0], [15, 20.0]]},
        "rate": {"rate": [[5, 0.005], [10, 0.01], [15, 0.015]]},
    }
    assert (found["best"], found["samples"]) == (10, [sample])


@pytest.mark.parametrize("count", [1, 500, 501, 999, 1000, 1001, 20_000])
def test_a_long_curve_is_thinned(count: int) -> None:
    history = [{"step": step, "loss": 1.0, "learning_rate": 0.1} for step in range(1, count + 1)]
    steps = [step for step, _ in RunLog(history).document()["curves"]["loss"]["training"]]
    assert len(steps) == count if count <= 500 else 250 < len(steps) <= 501
    assert (steps[0], steps[-1]) == (1, count)
    assert steps == sorted(set(steps))
