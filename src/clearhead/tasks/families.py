"""Each task, by the family of its models, by its name and by a config."""

from collections.abc import Mapping
from typing import Final

from clearhead.errors import ConfigError
from clearhead.tasks.language_modelling.task import LanguageModellingTask
from clearhead.tasks.task import AnyTask
from clearhead.tasks.translation.task import TranslationTask

TASKS: Final[Mapping[str, AnyTask]] = {one.family: one for one in (TranslationTask(), LanguageModellingTask())}
_BY_NAME: Final = {one.name: one for one in TASKS.values()}


def task_for(config: object) -> AnyTask:
    """The task of a model that is made from this config. Raises ConfigError for a config of no family."""
    for one in TASKS.values():
        if isinstance(config, one.config_class):
            return one
    raise ConfigError(f"a {type(config).__name__} makes a model of no family; give a config of {', '.join(TASKS)}")


def task_named(name: str) -> AnyTask:
    """The task that a recipe's `task` names."""
    return _BY_NAME[name]
