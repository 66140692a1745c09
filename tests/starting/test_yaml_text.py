"""What is written is read back as it was."""

from typing import Any

import hypothesis
from hypothesis import strategies

from clearhead.recipe import parse_recipe
from clearhead.starting import recipe_text

VALUES: dict[str, Any] = {
    "name": "mine",
    "data": {
        "train": {"table": "../a b.tsv", "columns": ["Français", 2], "from": "no", "to": "en"},
        "validate": {"share": 0.034},
    },
    "model": {"preset": "gpt_tiny", "bias": False, "epsilon": 1e-08},
    "training": {"steps": 7000, "betas": [0.9, 0.98], "patience": None},
}


def test_it_is_yaml_for_people() -> None:
    text = recipe_text(VALUES, {"model": "Small.", "training.steps": "Enough."}, "First\n\n    clearhead train a")
    assert text.split("\n")[:6] == [
        "# First",
        "#",
        "#     clearhead train a",
        "name: mine",
        "data:",
        '  train: {table: "../a b.tsv", columns: ["Français", 2], from: "no", to: en}',
    ]
    assert "# Small.\nmodel: {preset: gpt_tiny, bias: false, epsilon: 1e-08}\n" in text
    assert "training:\n  # Enough.\n  steps: 7000\n" in text
    assert parse_recipe(text, "a.yaml") == VALUES


def test_a_long_comment_has_several_lines() -> None:
    text = recipe_text(VALUES, {"data.train": "word " * 60}, "a")
    lines = [line for line in text.split("\n") if "word" in line]
    assert len(lines) == 3
    assert all(line.startswith("  # word") and len(line) <= 120 for line in lines)


@hypothesis.given(strategies.text(strategies.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20))
@hypothesis.example("true")
@hypothesis.example("a: b # c\u2028d\x85e")
@hypothesis.example('1e3"\\\t\U0001f600\U000e0001')
def test_any_name_comes_back(name: str) -> None:
    """In a value, and no comment is ended by it."""
    values = {"name": name, "data": {"train": [name, {"table": name}]}}
    assert parse_recipe(recipe_text(values, {"name": name, "data.train": name}, name), "a.yaml") == values
