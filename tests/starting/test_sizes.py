"""Sizes by how much text there is: what the repository's own recipes have where they were measured."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from clearhead.recipe import find_recipe, parse_recipe
from clearhead.starting.found import Found
from clearhead.starting.sizes import filters_for, proposals, share_for

PATHS = Path("train.en"), Path("train.de")


def pairs(examples: int, size: int, long: int = 0) -> Found:
    return Found("translation", PATHS, (), (), ("en", "de"), examples, size, long, Counter())


def rows(*counts: int, long: int = 0) -> Found:
    labels = Counter({str(number): count for number, count in enumerate(counts)})
    return Found("classification", PATHS[:1], (), (1, 2), (None, None), sum(counts), 100 * sum(counts), long, labels)


def text(size: int) -> Found:
    return Found("language-modelling", PATHS[:1], (), (), (None, None), size // 30, size, 0, Counter())


def recipe(name: str) -> dict[str, Any]:
    return parse_recipe(find_recipe(name).read_text(encoding="utf-8"), name)


def test_multi30k_gets_what_its_recipe_has() -> None:
    """29,000 pairs of 3,911,636 bytes: sizes, batches, dropout, rate, filters."""
    (found,), shipped = proposals(pairs(29_000, 3_911_636)), recipe("multi30k-en-de")
    assert found.text["size"] == shipped["text"]["size"]
    assert found.model == shipped["model"]
    for key in ("batch_tokens", "optimizer", "average"):
        assert found.training[key] == shipped["training"][key]
    assert {**found.training["schedule"], "warmup": found.warmup} == shipped["training"]["schedule"]
    assert filters_for(pairs(29_000, 3_911_636)) == shipped["data"]["filters"]


def test_less_and_more_pairs() -> None:
    """The tiers of docs/reference/recipe.md; more text has a larger model first, and smaller ones to fall back to."""
    (few,) = proposals(pairs(2_000, 270_000))
    assert (few.text["size"], few.model) == (2000, {"preset": "multi30k_tiny", "dropout": 0.3})
    many = proposals(pairs(200_000, 40_000_000))
    assert [one.model.get("width", 128) for one in many] == [256, 128]
    assert [one.text["size"] for one in many] == [8000, 8000]
    assert [one.training["batch_tokens"] for one in many] == [4096, 4096]
    # By hand: 0.0025 × √(128/256) = 0.001768, and √(128/512) is a half.
    assert [one.training["schedule"]["peak"] for one in many] == [0.00177, 0.0025]
    most = proposals(pairs(4_500_000, 1_200_000_000))
    assert [one.model["preset"] for one in most] == ["paper_base", "multi30k_tiny", "multi30k_tiny"]
    assert most[0].training["schedule"]["peak"] == 0.00125


def test_long_pairs_are_not_left_out() -> None:
    """Where more than a twentieth are long, they are what there is to learn from."""
    assert filters_for(pairs(1000, 10**6, long=50))["max_tokens"] == 120
    assert filters_for(pairs(1000, 10**6, long=51))["max_tokens"] == 400


@pytest.mark.parametrize(("name", "found"), [("sst2", rows(3610, 3309)), ("intent-ko", rows(27_000, 767))])
def test_labelled_rows_get_what_their_recipes_have(name: str, found: Found) -> None:
    (proposal,), shipped = proposals(found), recipe(name)
    assert (proposal.text, proposal.model) == (shipped["text"], shipped["model"])
    for key in ("batch_tokens", "loss", "optimizer", "average"):
        assert proposal.training[key] == shipped["training"][key]
    assert proposal.training["schedule"]["peak"] == shipped["training"]["schedule"]["peak"]
    assert proposal.warmup == shipped["training"]["schedule"]["warmup"]


def test_unequal_labels_are_weighed() -> None:
    """From five times as many on, as the rarest has; then a model is kept by macro-F1, in which each class counts."""
    (equal,), (unequal,) = proposals(rows(499, 100)), proposals(rows(500, 100))
    assert ("class_weights" in equal.training, equal.training["select_by"]) == (False, "accuracy")
    assert (unequal.training["class_weights"], unequal.training["select_by"]) == ("root", "f1")


def test_long_texts_are_read_further() -> None:
    assert [proposals(rows(500, 500, long=long))[0].model["max_length"] for long in (50, 51)] == [128, 512]


def test_shakespeare_gets_what_its_recipe_has() -> None:
    found, shipped = proposals(text(1_115_394)), recipe("shakespeare")
    assert (found[0].text, found[0].model) == (shipped["text"], shipped["model"])
    for key in ("batch_tokens", "optimizer", "average"):
        assert found[0].training[key] == shipped["training"][key]
    assert [one.model["width"] for one in found] == [256, 128]


def test_less_and_more_text() -> None:
    (little,) = proposals(text(100_000))
    assert (little.text["kind"], little.model["width"], little.model["dropout"]) == ("characters", 128, 0.2)
    assert [proposals(text(size))[0].text["size"] for size in (3_000_000, 100_000_000)] == [5000, 8000]


@pytest.mark.parametrize(
    ("found", "share"),
    [
        (pairs(2_000, 10**5), 0.1),
        (pairs(29_000, 10**6), 0.034),
        (pairs(2_000_000, 10**8), 0.0005),
        (text(1_115_394), 0.1),
        (text(10**8), 0.01),
    ],
)
def test_a_tenth_validates_or_enough(found: Found, share: float) -> None:
    """By hand: a thousand of 29,000 pairs, a million bytes of a hundred million."""
    assert share_for(found) == share
