"""A recipe of a table, made in a folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clearhead.recipe import Recipe, build_recipe

WORDS = ("one", "two", "three", "four", "five", "six")
# The last word decides: a question mark could not be plainer.
ROWS = [(f"{one} {other}", "odd" if other in ("one", "three", "five") else "even") for one in WORDS for other in WORDS]


@pytest.fixture
def table_recipe(tmp_path: Path) -> Callable[..., Recipe]:
    """A tiny recipe; `training`, `data` and other keys may be changed."""
    (tmp_path / "train.tsv").write_text("".join(f"{text}\t{label}\n" for text, label in ROWS), encoding="utf-8")
    (tmp_path / "val.tsv").write_text("seven one\todd\nseven two\teven\n", encoding="utf-8")

    def make(training: dict[str, Any] | None = None, data: dict[str, Any] | None = None, **changes: Any) -> Recipe:
        values = {
            "name": "tiny-classifier",
            "task": "classification",
            "data": {
                "folder": str(tmp_path), "train": {"table": "train.tsv"}, "validate": {"table": "val.tsv"},
                **(data or {}),
            },
            "text": {"kind": "characters"},
            "model": {"width": 16, "heads": 2, "inner_width": 32, "layers": 1, "max_length": 16, "segments": 0},
            "training": {
                "device": "cpu", "precision": "fp32", "steps": 8, "batch_tokens": 64, "validate_every": 4,
                "checkpoint_every": 4, "log_every": 2, "patience": None, "schedule": {"peak": 0.01, "warmup": 2},
                **(training or {}),
            },
        }  # fmt: skip
        return build_recipe(values | changes, "tiny")

    return make
