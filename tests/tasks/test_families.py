"""Each family is found by its name and by its config."""

from types import SimpleNamespace
from typing import Any, cast, get_args

import pytest

from clearhead.errors import ConfigError
from clearhead.model import TransformerConfig
from clearhead.recipe import Recipe
from clearhead.tasks import TASKS, Task, task_for


def test_every_family_of_a_recipe_has_a_task() -> None:
    assert set(TASKS) >= set(get_args(Recipe.model_fields["family"].annotation))
    assert all(isinstance(one, Task) and one.family == name for name, one in TASKS.items())


def test_a_config_tells_its_family() -> None:
    assert task_for(TransformerConfig(source_vocabulary=9, target_vocabulary=9)).family == "encoder-decoder"


def test_a_config_of_no_family() -> None:
    with pytest.raises(ConfigError, match="a SimpleNamespace makes a model of no family; give a config of encoder-de"):
        task_for(cast(Any, SimpleNamespace(width=8)))
