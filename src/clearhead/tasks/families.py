"""Each family's task, by its name and by its config."""

from collections.abc import Mapping
from typing import Final

from clearhead.errors import ConfigError
from clearhead.model import FamilyConfig
from clearhead.tasks.language_modelling.task import LanguageModellingTask
from clearhead.tasks.task import Task
from clearhead.tasks.translation.task import TranslationTask

_TASKS: Final[tuple[Task, ...]] = (TranslationTask(), LanguageModellingTask())
TASKS: Final[Mapping[str, Task]] = {one.family: one for one in _TASKS}


def task_for(config: FamilyConfig) -> Task:
    """The task of a model that is made from this config. Raises ConfigError for a config of no family."""
    for one in TASKS.values():
        if isinstance(config, one.config_class):
            return one
    raise ConfigError(f"a {type(config).__name__} makes a model of no family; give a config of {', '.join(TASKS)}")
