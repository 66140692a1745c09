"""Each task, by its name; and what all tasks of a family share, by the family and by a config."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from clearhead.errors import ConfigError
from clearhead.tasks.classification.task import ClassificationTask
from clearhead.tasks.one_stack import DECODER_ONLY, ENCODER_ONLY
from clearhead.tasks.task import AnyTask
from clearhead.tasks.text_task import TextTask
from clearhead.tasks.translation.task import TranslationTask

if TYPE_CHECKING:
    from clearhead.data import MaskedBatch, TextBatch, TwoWayBatch
    from clearhead.model import DecoderOnly, DecoderOnlyConfig, EncoderOnly, EncoderOnlyConfig
    from clearhead.tasks.objective import Objective


def _next_token() -> "Objective[DecoderOnlyConfig, DecoderOnly, TextBatch]":
    from clearhead.tasks.language_modelling.objective import NEXT_TOKEN

    return NEXT_TOKEN


def _answers() -> "Objective[DecoderOnlyConfig, DecoderOnly, TextBatch]":
    from clearhead.tasks.chat.objective import ANSWERS

    return ANSWERS


def _masked_next_token() -> "Objective[DecoderOnlyConfig, DecoderOnly, TwoWayBatch]":
    from clearhead.tasks.masked_next_token.objective import MASKED_NEXT_TOKEN

    return MASKED_NEXT_TOKEN


def _masked_pieces() -> "Objective[EncoderOnlyConfig, EncoderOnly, MaskedBatch]":
    from clearhead.tasks.masked_language_modelling.objective import MASKED_PIECES

    return MASKED_PIECES


# The first of each family is the one that its models are for unless somebody says otherwise.
_TASKS: Final[tuple[AnyTask, ...]] = (
    TranslationTask(),
    TranslationTask("summarisation", "summarise", "summary"),
    TextTask("language-modelling", DECODER_ONLY, _next_token),
    TextTask("chat", DECODER_ONLY, _answers, examples_are="conversations"),
    TextTask("masked-next-token", DECODER_ONLY, _masked_next_token),
    TextTask("masked-language-modelling", ENCODER_ONLY, _masked_pieces),
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
