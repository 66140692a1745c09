"""A conversation written by a template in Jinja, which comes with a model that was trained elsewhere.

Nothing in it is trusted: it runs in Jinja's sandbox, and what people typed cannot become a special token.
"""

import functools
import itertools
import json
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from clearhead.errors import UsageError
from clearhead.tasks.chat.histories import Fitted
from clearhead.tasks.chat.turns import USER, Message
from clearhead.text import LibraryTokenizer, Tokenizer

# Stand for what somebody typed that looks like a special token, while the template writes around it.
_MARKS = "\ue000{}\ue001"


def fitted_by(
    template: str, messages: Sequence[Message], tokenizer: Tokenizer, longest: int, answer: int, number: int = 1
) -> Fitted:
    """The ids of as many of the newest messages as there is room for, from one of the user's on.

    longest, answer, number: as `histories.fitted` has them. Raises UsageError where the last message alone is too long,
    and where the template cannot be used.
    """
    room = longest - min(answer, longest // 2)
    begins = [place for place, one in enumerate(messages) if one.role == USER]
    for begin in (0, *(place for place in begins if place)):
        ids = template_ids(template, messages[begin:], tokenizer)
        if len(ids) <= room:
            return Fitted(ids, begin)
    raise UsageError(
        f"the last message of conversation {number} has {len(ids):,} tokens but the model reads {room:,} at most "
        "before it answers; shorten it"
    )


def template_ids(template: str, messages: Sequence[Message], tokenizer: Tokenizer) -> list[int]:
    """What the template writes of these messages, up to where the model answers."""
    templated = Templated(template, messages, tokenizer)
    return templated.ids(templated.written(len(messages), asks=True))


class Templated:
    """A conversation as its template writes it, and as ids. Raises UsageError where the template cannot be used."""

    def __init__(self, template: str, messages: Sequence[Message], tokenizer: Tokenizer) -> None:
        assert isinstance(tokenizer, LibraryTokenizer), "a template comes with the tokenizer of its model"
        self._template, self._tokenizer = template, tokenizer
        self._special = tokenizer.special_texts()
        typed = [one for one in self._special if any(one in message.text for message in messages)]
        self._marks = {text: _MARKS.format(number) for number, text in enumerate(typed)}
        self._messages = [{"role": one.role, "content": self._marked(one.text)} for one in messages]

    def _marked(self, text: str) -> str:
        return functools.reduce(lambda said, one: said.replace(one, self._marks[one]), self._marks, text)

    def written(self, count: int, *, asks: bool) -> str:
        """The first `count` messages. asks: whether it is written that the model answers now."""
        names = {one: text for text, one in self._special.items()}
        return _written(
            self._template,
            messages=self._messages[:count],
            add_generation_prompt=asks,
            bos_token=names.get(self._tokenizer.begin, ""),
            eos_token=names.get(self._tokenizer.end, ""),
        )

    def ids(self, written: str) -> list[int]:
        """The template's special tokens by their ids, and all between them as text, as it was typed."""
        if not self._marks:
            return self._tokenizer.encode_marked(written)
        names = sorted(self._special, key=len, reverse=True)
        parts = re.split(f"({'|'.join(map(re.escape, names))})", written)
        return list(itertools.chain.from_iterable(map(self._piece, parts)))

    def _piece(self, part: str) -> list[int]:
        if part in self._special:
            return [self._special[part]]
        return self._tokenizer.encode(self.typed(part)) if part else []

    def typed(self, part: str) -> str:
        """A part of what is written, with what people typed as they typed it."""
        return functools.reduce(lambda text, one: text.replace(self._marks[one], one), self._marks, part)


def _written(template: str, **values: Any) -> str:
    try:
        found: str = _compiled(template).render(**values)
    except Exception as error:  # Whatever a template does is the template's.
        raise UsageError(
            f"the model's chat template cannot be used ({' '.join(str(error).split())[:120]}); write the conversation "
            "as a prompt, with `clearhead generate`"
        ) from None
    return found


@functools.lru_cache(maxsize=8)
def _compiled(template: str) -> Any:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.globals["raise_exception"] = _raise
    environment.filters["tojson"] = lambda value, indent=None: json.dumps(value, ensure_ascii=False, indent=indent)
    return environment.from_string(template)


def _raise(message: str) -> NoReturn:
    raise ValueError(message)
