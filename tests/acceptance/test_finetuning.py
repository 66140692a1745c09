"""docs/finetuning.md runs as written, and what it promises comes of it."""

import json
import re
from pathlib import Path

import pytest

from .pages import blocks, run_blocks

PAGE = "finetuning.md"


def validations(run: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (run / "history.jsonl").read_text(encoding="utf-8").splitlines()]
    return [line["validation"] for line in lines if "validation" in line]


@pytest.mark.slow
def test_the_page_runs_as_written(tmp_path: Path) -> None:
    printed = run_blocks(PAGE, tmp_path)
    # The domain is learned, and what was known is not lost.
    assert "la pompe de la cour est bloquée" in printed[0]
    assert validations(tmp_path / "plant")[-1]["quality"]["bleu"] > 80
    assert validations(tmp_path / "plant")[-1]["others"]["old"]["quality"]["bleu"] > 80
    before, after, between = map(float, re.findall(r"^model +([\d.]+)", printed[0], re.MULTILINE))
    assert before < 20 < 80 < between <= after
    seeds = json.loads((tmp_path / "few" / "seeds.json").read_text(encoding="utf-8"))
    assert len(seeds["seeds"]) == 3
    assert seeds["accuracy"]["mean"] > 0.9
    assert printed[2].splitlines() == ["At nine.", "Sleep well."]


def test_it_has_commands() -> None:
    """Were the pattern to miss them, the test above would pass on nothing."""
    assert len(blocks(PAGE)) == 3
    assert sum(text.count("clearhead train") for text in blocks(PAGE)) == 5
