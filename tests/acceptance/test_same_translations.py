"""The same translations however sentences are batched; benchmarks/same_translations.py does it for any model."""

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "same_translations.py"
NUMBERS = ("one", "two", "three", "four", "five", "six")


@pytest.mark.slow
@pytest.mark.parametrize("beam_size", ["1", "4"])
def test_a_trained_model(run_folder: Path, tmp_path: Path, beam_size: str) -> None:
    """Two hundred sentences of one to seven words."""
    words = itertools.cycle(NUMBERS)
    lines = [" ".join(itertools.islice(words, 1 + number % 7)) for number in range(200)]
    source = tmp_path / "source"
    source.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    command = [sys.executable, str(SCRIPT), str(run_folder), str(source), "--beam-size", beam_size]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" differ") == 5
