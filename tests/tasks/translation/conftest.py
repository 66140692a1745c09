"""A recipe of summaries, in a table of thirty rows."""

from pathlib import Path

import pytest

from clearhead.recipe import Recipe, build_recipe

ENGLISH = ("one", "two", "three", "four", "five", "six")
FRENCH = ("un", "deux", "trois", "quatre", "cinq", "six")


@pytest.fixture
def summary_recipe(tmp_path: Path) -> Recipe:
    rows = [f"{ENGLISH[i]} {ENGLISH[j]}\t{FRENCH[i]} {FRENCH[j]}\n" for i in range(1, 6) for j in range(6)]
    (tmp_path / "pairs.tsv").write_text("".join(rows), encoding="utf-8")
    values = {
        "name": "tiny-summary",
        "task": "summarisation",
        "data": {"folder": str(tmp_path), "train": {"table": "pairs.tsv"}, "validate": {"share": 0.1}},
        "text": {"size": 262},
        "model": {"preset": "street", "width": 16, "heads": 2, "inner_width": 32, "max_length": 64},
        "training": {"device": "cpu", "precision": "fp32", "steps": 4, "batch_tokens": 160},
    }
    return build_recipe(values, "tiny")
