"""Sockeye's system tests with one seed; benchmarks/copy_and_sort.py runs more of them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "copy_and_sort.py"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "updates", "perplexity", "bleu"), [("copy", 1_500, 1.02, 0.98), ("sort", 2_000, 1.03, 0.97)]
)
def test_a_small_model_learns_the_task(task: str, updates: int, perplexity: float, bleu: float, tmp_path: Path) -> None:
    """The thresholds are Sockeye's (test/system/test_seq_copy_sys.py), reached in less than half of its updates."""
    results = tmp_path / "results.jsonl"
    command = [sys.executable, str(SCRIPT), task, "--updates", str(updates), "--seed", "1", "--json", str(results)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(results.read_text(encoding="utf-8"))
    assert result["perplexity"] <= perplexity
    assert result["bleu"] >= bleu
    assert result["same_in_small_batches"]
    assert result["score_difference"] < 0.01
    assert result["forced_score_difference"] < 1e-6
