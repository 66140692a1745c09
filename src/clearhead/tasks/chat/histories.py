"""From the messages of conversations to what a model answers, in the positions that it has."""

from collections.abc import Sequence
from dataclasses import dataclass

from clearhead.errors import UsageError
from clearhead.tasks.chat.turns import USER, Message, asked
from clearhead.text import Tokenizer


@dataclass(frozen=True)
class Fitted:
    """The ids that a model answers, and how many of the oldest messages found no room there."""

    ids: list[int]
    left_out: int


def checked(messages: object, number: int = 1) -> list[Message]:
    """The messages of a conversation, of which the last is the user's. A str is one message of the user.

    number: which of several conversations it is, from 1. Raises UsageError for anything else.
    """
    if isinstance(messages, str):
        return [Message(USER, messages)]
    if not isinstance(messages, Sequence) or not all(isinstance(one, Message) for one in messages):
        raise UsageError(
            f"conversation {number} is no list of messages; give some, as in [clearhead.Message('user', 'hello')]"
        )
    if not messages or messages[-1].role != USER:
        raise UsageError(f"conversation {number} does not end with a message of the user; add the one to be answered")
    return list(messages)


def fitted(
    messages: Sequence[Message],
    tokenizer: Tokenizer,
    longest: int,
    answer: int,
    most: int | None = None,
    number: int = 1,
) -> Fitted:
    """The ids of as many of the newest messages as there is room for, from one of the user's on.

    longest: how many ids the model reads and writes. answer: how many of them are kept for the answer at most; it gets
    half of them at the least. most: how many messages are given at most; None for any number.
    number: which of several conversations it is, from 1.
    Raises UsageError where the last message alone is too long: what was left out of it would be missed.
    """
    room = longest - min(answer, longest // 2)
    # Each takes a place or more, so that no more of them than this can have room.
    skipped = max(0, len(messages) - min(room, room if most is None else most))
    messages = messages[skipped:]
    texts = tokenizer.encode_many([one.text for one in messages], room + 1)
    begin, ids = None, room - len(asked([], [], tokenizer))
    for place in reversed(range(len(messages))):
        ids -= len(texts[place]) + 2
        if ids < 0:
            break
        if messages[place].role == USER:
            begin = place
    if begin is not None:
        return Fitted(asked(messages[begin:], texts[begin:], tokenizer), skipped + begin)
    count = len(tokenizer.encode(messages[-1].text))
    raise UsageError(
        f"the last message of conversation {number} has {count:,} tokens but the model reads {room - 4:,} at most "
        "before it answers; shorten it"
    )
