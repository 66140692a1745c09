"""A conversation written by a template in Jinja, which comes with a model that was trained elsewhere.

Nothing in it is trusted: it runs in Jinja's sandbox, and what people typed cannot become a special token.
"""

import functools
import itertools
import json
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
    assert isinstance(tokenizer, LibraryTokenizer), "a template comes with the tokenizer of its model"
    special = tokenizer.special_texts()
    typed = [one for one in special if any(one in message.text for message in messages)]
    if not typed:
        return tokenizer.encode_marked(_written(template, [one.text for one in messages], messages, tokenizer))
    marks = {text: _MARKS.format(number) for number, text in enumerate(typed)}
    texts = [functools.reduce(lambda text, one: text.replace(one, marks[one]), typed, one.text) for one in messages]
    written = _written(template, texts, messages, tokenizer)
    return list(itertools.chain.from_iterable(_pieces(written, marks, special, tokenizer)))


def _pieces(
    written: str, marks: dict[str, str], special: dict[str, int], tokenizer: LibraryTokenizer
) -> "list[list[int]]":
    """The template's special tokens by their ids, and all between them as text, as it was typed."""
    import re

    names = sorted(special, key=len, reverse=True)
    found: list[list[int]] = []
    for part in re.split(f"({'|'.join(map(re.escape, names))})", written):
        if part in special:
            found.append([special[part]])
        elif part:
            for text, mark in marks.items():
                part = part.replace(mark, text)
            found.append(tokenizer.encode(part))
    return found


def _written(template: str, texts: Sequence[str], messages: Sequence[Message], tokenizer: LibraryTokenizer) -> str:
    names = {one: text for text, one in tokenizer.special_texts().items()}
    try:
        found: str = _compiled(template).render(
            messages=[{"role": one.role, "content": text} for one, text in zip(messages, texts, strict=True)],
            add_generation_prompt=True,
            bos_token=names.get(tokenizer.begin, ""),
            eos_token=names.get(tokenizer.end, ""),
        )
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
