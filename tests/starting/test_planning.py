"""Steps for so much time, by a dry run whose figures stand here."""

import types
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from clearhead.recipe import Recipe, build_recipe, parse_recipe
from clearhead.starting import Found, Plan, make_plan, recipe_text
from clearhead.starting.planning import Try


def pairs(folder: Path, size: int = 3_911_636, **changes: Any) -> Found:
    files = folder / "train.en", folder / "train.de"
    return Found("translation", files, (), (), ("en", "de"), 29_000, size, 0, Counter(), **changes)


def trying(
    seconds: float, tokens: float, all_tokens: int, validation: float = 0.0, asked: list[Recipe] | None = None
) -> Try:
    """As if a step took so long and predicted so many tokens, of all that there are."""

    def tried(recipe: Recipe) -> Any:
        if asked is not None:
            asked.append(recipe)
        corpus = types.SimpleNamespace(target=types.SimpleNamespace(tokens=all_tokens), tokens=all_tokens)
        inputs = types.SimpleNamespace(training=corpus)
        return types.SimpleNamespace(
            inputs=inputs, seconds_a_step=seconds, tokens_a_step=tokens, seconds_a_validation=validation
        )

    return tried


def planned(folder: Path, found: Found, tried: Try, minutes: float = 30) -> Plan:
    return make_plan(found, folder / "recipe.yaml", minutes, tried)


def test_as_many_steps_as_the_time_admits(tmp_path: Path) -> None:
    """By hand: of 1,800 s validations take 50; 1,750 / 0.25 = 7,000 steps of 1,600 of 400,000 tokens: 28 times."""
    plan = planned(tmp_path, pairs(tmp_path), trying(0.25, 1600, 400_000, validation=10))
    training = plan.values["training"]
    assert (plan.steps, plan.epochs, plan.seconds) == (7000, 28, 1800)
    assert (training["steps"], training["validate_every"], training["checkpoint_every"]) == (7000, 1400, 1400)
    assert training["schedule"] == {"name": "linear", "peak": 2.5e-3, "warmup": 500}
    assert plan.reasons["training.steps"] == (
        "A step takes 0.25 s here. All examples are seen 28 times: as many as the time admits."
    )


def test_no_more_than_the_pairs_are_worth(tmp_path: Path) -> None:
    """By hand: 120 times 40,000 tokens are 3,000 steps of 1,600."""
    plan = planned(tmp_path, pairs(tmp_path, 270_000), trying(0.1, 1600, 40_000))
    assert (plan.steps, plan.epochs) == (3000, 120)
    assert "120 times are enough for so much text" in plan.reasons["training.steps"]


def test_so_little_text_is_seen_more_often_than_it_is_worth(tmp_path: Path) -> None:
    """By hand: 120 times 1,000 tokens would be 75 steps of 1,600, and 100 are taken: 160 times."""
    plan = planned(tmp_path, pairs(tmp_path, 20_000), trying(0.1, 1600, 1000))
    assert (plan.steps, plan.epochs) == (100, 160)
    assert plan.reasons["training.steps"].endswith("160 times: fewer steps would teach nothing.")


def test_steps_are_of_two_digits(tmp_path: Path) -> None:
    """And divide into five parts: 1,800 / 0.7 = 2,571."""
    plan = planned(tmp_path, pairs(tmp_path), trying(0.7, 1600, 10**8))
    assert (plan.steps, plan.values["training"]["validate_every"]) == (2500, 500)


def test_validations_leave_half_of_the_time(tmp_path: Path) -> None:
    """Those of a model that has learned nothing take long: here five of 600 s in 1,800 s."""
    assert planned(tmp_path, pairs(tmp_path), trying(0.3, 1600, 10**8, validation=600)).steps == 3000


def test_a_slow_machine_has_a_smaller_model(tmp_path: Path) -> None:
    """40 MB would have width 256; but in 1,800 s of 1 s a step that learns too little."""
    asked: list[Recipe] = []
    slow = planned(tmp_path, pairs(tmp_path, 40_000_000), trying(1, 1600, 10**8, asked=asked))
    assert [one.model.width for one in asked] == [256, None]
    assert slow.values["model"] == {"preset": "multi30k_tiny", "dropout": 0.2}
    assert "The next larger one would take too few steps in this time." in slow.reasons["model"]
    fast = planned(tmp_path, pairs(tmp_path, 40_000_000), trying(0.5, 1600, 10**8))
    assert fast.values["model"]["width"] == 256


def test_however_little_time_there_is_some_steps_are_taken(tmp_path: Path) -> None:
    plan = planned(tmp_path, pairs(tmp_path), trying(10, 1600, 10**8), minutes=1)
    assert (plan.steps, plan.seconds) == (100, 1000)
    assert plan.values["training"]["schedule"]["warmup"] == 10
    assert "so that it takes longer than asked for" in plan.reasons["training.steps"]


def test_the_files_are_named_from_the_recipes_folder(tmp_path: Path) -> None:
    found = Found(
        "translation", (tmp_path / "data" / "a.en", tmp_path / "a.de"), (tmp_path / "val.en", tmp_path / "val.de"), (),
        ("en", None), 30, 1000, 0, Counter(),
    )  # fmt: skip
    asked: list[Recipe] = []
    data = planned(tmp_path, found, trying(0.1, 100, 1000, asked=asked)).values["data"]
    assert data["train"] == {"source": "data/a.en", "target": "a.de", "from": "en"}
    assert data["validate"] == {"source": "val.en", "target": "val.de", "from": "en"}
    assert asked[0].data.folder == str(tmp_path)
    elsewhere = make_plan(found, tmp_path / "recipes" / "a.yaml", 1, trying(0.1, 100, 1000)).values
    assert elsewhere["data"]["train"]["source"] == "../data/a.en"


TEXT = Found("language-modelling", (Path("book.txt"),), (), (), (None, None), 9000, 200_000, 0, Counter())
LABELS = Found(
    "classification", (Path("my reviews.csv"),), (), ("text", "label"), (None, None), 1000, 90_000, 0,
    Counter({"good": 900, "bad": 100}),
)  # fmt: skip


@pytest.mark.parametrize(
    ("found", "name", "train"),
    [
        (TEXT, "book", {"text": "book.txt", "documents": "file"}),
        (LABELS, "my-reviews", {"table": "my reviews.csv", "columns": ["text", "label"]}),
    ],
)
def test_other_tasks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: Found, name: str, train: dict[str, Any]
) -> None:
    """What is written is a recipe, and what it says of its files is there; so is each key that has a comment."""
    monkeypatch.chdir(tmp_path)

    def tried(recipe: Recipe) -> Any:
        dry = trying(0.1, 100, 200_000)(recipe)
        if found.task == "classification":
            dry.inputs.training = [None] * 900
        return dry

    plan = planned(tmp_path, found, tried)
    text = recipe_text(plan.values, plan.reasons, "mine")
    recipe = build_recipe(parse_recipe(text, "a.yaml"), "a.yaml")
    assert (recipe.task, recipe.name, plan.values["data"]["train"]) == (found.task, name, train)
    assert "  # 10.00% of the" in text
    # By hand: 8 times 900 rows of 100 a step are fewer than 200 steps.
    assert found.task != "classification" or recipe.training.steps == 200
