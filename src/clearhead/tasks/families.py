"""Each task, by its name; and what all tasks of a family share, by the family and by a config."""

from collections.abc import Mapping
from typing import Final

from clearhead.errors import ConfigError
from clearhead.tasks.chat.material import ConversationMaterial
from clearhead.tasks.classification.task import ClassificationTask
from clearhead.tasks.language_modelling.task import LanguageModellingTask
from clearhead.tasks.masked_language_modelling.task import MaskedLanguageModellingTask
from clearhead.tasks.masked_next_token.task import MaskedNextTokenTask
from clearhead.tasks.task import AnyTask
from clearhead.tasks.translation.task import TranslationTask

# The first of each family is the one that its models are for unless somebody says otherwise.
_TASKS: Final[tuple[AnyTask, ...]] = (
    TranslationTask(),
    TranslationTask("summarisation", "summarise", "summary"),
    LanguageModellingTask(),
    LanguageModellingTask(ConversationMaterial()),
    MaskedNextTokenTask(),
    MaskedLanguageModellingTask(),
    ClassificationTask(),
)
TASKS: Final[Mapping[str, AnyTask]] = {one.name: one for one in _TASKS}
FAMILY_TASKS: Final[Mapping[str, AnyTask]] = {
    family: next(one for one in TASKS.values() if one.family == family)
    for family in dict.fromkeys(one.family for one in TASKS.values())
}


def task_for(config: object) -> AnyTask:
    """The first task of the family that this config makes models of. Raises ConfigError for a config of none."""
    for one in FAMILY_TASKS.values():
        if isinstance(config, one.config_class):
            return one
    raise ConfigError(
        f"a {type(config).__name__} makes a model of no family; give a config of {', '.join(FAMILY_TASKS)}"
    )


def task_named(name: str) -> AnyTask:
    """The task that a recipe's `task` names."""
    return TASKS[name]
