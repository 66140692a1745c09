"""A recipe of a text, made in a folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clearhead.recipe import Recipe, build_recipe
from clearhead.training import train

WORDS = ("one", "two", "three", "four", "five", "six")
LINES = [f"{one} {other}" for one in WORDS for other in WORDS]


@pytest.fixture
def language_recipe(tmp_path: Path) -> Callable[..., Recipe]:
    """A tiny recipe; `training` and other keys may be changed."""
    (tmp_path / "a.txt").write_text("".join(f"{line}\n" for line in LINES), encoding="utf-8")

    def make(documents: str = "file", training: dict[str, Any] | None = None, **changes: Any) -> Recipe:
        values = {
            "name": "tiny-language",
            "task": "language-modelling",
            "data": {
                "folder": str(tmp_path),
                "train": {"text": "a.txt", "documents": documents},
                "validate": {"share": 0.2},
            },
            "text": {"kind": "characters"},
            "model": {"width": 16, "heads": 2, "inner_width": 32, "layers": 1, "max_length": 16},
            "training": {
                "device": "cpu", "precision": "fp32", "steps": 8, "batch_tokens": 64, "validate_every": 4,
                "checkpoint_every": 4, "log_every": 2, "patience": None, "schedule": {"peak": 0.01, "warmup": 2},
                **(training or {}),
            },
        }  # fmt: skip
        return build_recipe(values | changes, "tiny")

    return make


@pytest.fixture
def straight_and_resumed(tmp_path: Path) -> Callable[[Recipe], list[dict[Path, bytes]]]:
    """What a run writes, but for clocks, where it is let go and where it is stopped after three steps and resumed.

    The first lies in the folder "straight".
    """

    def run(recipe: Recipe) -> list[dict[Path, bytes]]:
        train(recipe, tmp_path / "straight")
        steps = iter(range(100))
        train(recipe, tmp_path / "stopped", should_stop=lambda: next(steps) >= 3)
        train(recipe, tmp_path / "stopped", resume=True)
        return [
            {
                path.relative_to(tmp_path / name): path.read_bytes()
                for path in sorted((tmp_path / name).rglob("*"))
                if path.is_file() and path.name != "timing.jsonl" and "step-3" not in path.parts
            }
            for name in ("straight", "stopped")
        ]

    return run
