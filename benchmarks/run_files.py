"""What a run of training leaves beside its model: how long its steps took, and how well each validation went."""

import json
from pathlib import Path
from typing import Any


def logged(file: Path) -> list[dict[str, Any]]:
    """The lines of timing.jsonl or history.jsonl."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def minutes_of(run: Path) -> float:
    """How long its steps took, validation left out."""
    seconds, before = 0.0, 0
    for line in logged(run / "timing.jsonl"):
        seconds += (line["step"] - before) * line["seconds_a_step"]
        before = line["step"]
    return seconds / 60


def least_loss(run: Path) -> float:
    """The best of its validations' losses, in nats a token."""
    return min(line["validation"]["loss"] for line in logged(run / "history.jsonl") if "validation" in line)
