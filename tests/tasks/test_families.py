"""Each family is found by its name and by its config."""

from types import SimpleNamespace
from typing import Any, cast, get_args

import pytest

from clearhead.errors import ConfigError
from clearhead.model import DecoderOnlyConfig, EncoderOnlyConfig, TransformerConfig
from clearhead.recipe import FAMILIES, Recipe
from clearhead.tasks import FAMILY_TASKS, TASKS, Task, task_for, task_named


def test_every_family_of_a_recipe_has_a_task() -> None:
    assert set(FAMILY_TASKS) == set(get_args(Recipe.model_fields["family"].annotation))
    assert all(isinstance(one, Task) and one.name == name for name, one in TASKS.items())
    assert {one.name: one.family for one in TASKS.values()} == FAMILIES
    assert all(one.family == family for family, one in FAMILY_TASKS.items())
    # Of a family's tasks the first, here as in a recipe that names the family alone.
    assert {family: one.name for family, one in FAMILY_TASKS.items()} == {
        family: next(name for name, of in FAMILIES.items() if of == family) for family in FAMILIES.values()
    }
    assert set(FAMILIES) == set(get_args(Recipe.model_fields["task"].annotation))


def test_a_task_is_found_by_its_name() -> None:
    assert [task_named(name).name for name in FAMILIES] == list(FAMILIES)


def test_a_config_tells_its_family() -> None:
    assert task_for(TransformerConfig(source_vocabulary=9, target_vocabulary=9)).family == "encoder-decoder"
    assert task_for(DecoderOnlyConfig(vocabulary=9)).family == "decoder-only"
    assert task_for(EncoderOnlyConfig(vocabulary=9)).family == "encoder-only"


def test_a_config_of_no_family() -> None:
    with pytest.raises(ConfigError, match="a SimpleNamespace makes a model of no family; give a config of encoder-de"):
        task_for(cast(Any, SimpleNamespace(width=8)))
