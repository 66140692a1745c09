"""What a run wrote of itself: its history as it is, and its curves."""

import math
from pathlib import Path
from typing import Any

import pytest

from clearhead.errors import BundleError
from clearhead.look.run_log import curves_of, read_history


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


def test_history(run_folder: Path, tmp_path: Path) -> None:
    lines = read_history(run_folder)
    assert [line["step"] for line in lines if "loss" in line][-1] == 120
    assert read_history(run_folder / "bundle") == lines
    assert read_history(tmp_path) == read_history(None) == []
    (tmp_path / "history.jsonl").write_text("{", encoding="utf-8")
    with pytest.raises(BundleError, match=r"history.jsonl cannot be read"):
        read_history(tmp_path)
