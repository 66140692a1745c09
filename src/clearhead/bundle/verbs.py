"""Which methods a bundle has for what its model was trained for."""

import contextlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from clearhead.errors import ConfigError, UsageError
from clearhead.tasks import TASKS, task_for


class Verbs(NamedTuple):
    """does: what such a model does, of "this model …". methods: those of `Bundle`. command: what does the same."""

    does: str
    methods: tuple[str, ...]
    command: str


TRANSLATION, LANGUAGE_MODELLING, SUMMARISATION = "translation", "language-modelling", "summarisation"
CLASSIFICATION = "classification"
MASKED_LANGUAGE_MODELLING, MASKED_NEXT_TOKEN = "masked-language-modelling", "masked-next-token"
# Those that learn from texts without more.
OF_TEXTS = (LANGUAGE_MODELLING, MASKED_LANGUAGE_MODELLING, MASKED_NEXT_TOKEN)
CHAT = "chat"
VERBS: Final[Mapping[str, Verbs]] = MappingProxyType(
    {
        TRANSLATION: Verbs(
            "translates",
            ("translate", "translate_stream", "search", "search_stream", "score", "trace", "tag", "too_long"),
            "clearhead translate",
        ),
        LANGUAGE_MODELLING: Verbs(
            "goes on with texts", ("generate", "generations", "generate_stream", "trace"), "clearhead generate"
        ),
        CHAT: Verbs(
            "answers",
            (
                "chat",
                "answers",
                "chat_stream",
                "left_out",
                "joined",
                "trace",
                "generate",
                "generations",
                "generate_stream",
            ),
            "clearhead chat",
        ),
        SUMMARISATION: Verbs(
            "summarises",
            ("summarise", "search", "search_stream", "score", "trace", "tag", "too_long"),
            "clearhead summarise",
        ),
        CLASSIFICATION: Verbs(
            "classifies texts", ("classify", "embed", "nearest", "too_long", "trace"), "clearhead classify"
        ),
        MASKED_NEXT_TOKEN: Verbs(
            "goes on with texts and fills masked places",
            ("generate", "generations", "generate_stream", "trace", "fill"),
            "clearhead generate",
        ),
        MASKED_LANGUAGE_MODELLING: Verbs(
            "fills masked places", ("fill", "embed", "nearest", "too_long", "trace"), "clearhead fill"
        ),
    }
)


def require_family(config: object, task: str) -> None:
    """Raise UsageError where a model of this config's family is for another task; one of no family may be for any."""
    with contextlib.suppress(ConfigError):
        own = task_for(config)
        if own.family != TASKS[task].family:
            raise UsageError(
                f"the model is {own.family}, which is for {own.name}, but its task is {task}; give the settings, or "
                f"the recipe, of a model that was trained for {own.name}"
            )


def has_verb(verb: str, task: str) -> bool:
    return verb in VERBS[task].methods


def require_verb(verb: str, task: str) -> None:
    """Raise UsageError where a model that was trained for this task has no such method."""
    if not has_verb(verb, task):
        known = VERBS[task]
        raise UsageError(
            f"{_does_instead(verb, verb, task)}; use `{known.command}`, or in Python {', '.join(known.methods)}"
        )


def require_command(command: str, task: str, verb: str | None = None) -> None:
    """The same of the command of that name, or of the one that calls `verb`, said to somebody who typed it."""
    verb = command if verb is None else verb
    if not has_verb(verb, task):
        raise UsageError(f"{_does_instead(f'`clearhead {command}`', verb, task)}; use `{VERBS[task].command}`")


def _does_instead(name: str, verb: str, task: str) -> str:
    others = [other for other, one in VERBS.items() if verb in one.methods]
    return f"this model {VERBS[task].does} ({task}), and {name} is for {' or '.join(others)}"
