"""A conversation as ids: which of them are a person's, which the model's, and which a model learns to write.

    begin  user ids end  assistant ids end  user ids end  assistant ids end  …

The model learns the assistant's ids and their ends, and nothing else: whether it learns an id is known when the turns
are joined, and is never looked for in the text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from clearhead.errors import UsageError
from clearhead.text import Tokenizer

Role = Literal["user", "assistant"]
# The turns of a row take these in this order, again and again. A control symbol of each name begins a turn.
ROLES: Final[tuple[Role, ...]] = get_args(Role)
USER, ASSISTANT = ROLES


@dataclass(frozen=True)
class Message:
    """One turn of a conversation: who says it, "user" or "assistant", and what. Raises UsageError for anything else."""

    role: Role
    text: str

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise UsageError(f"role={self.role!r:.40} is nobody in a conversation; choose user or assistant")
        if not isinstance(self.text, str):
            raise UsageError(f"the text of a message is of type {type(self.text).__name__}; give a str")


@dataclass(frozen=True)
class Joined:
    """The ids of a conversation, and for each whether a model learns to write it."""

    ids: list[int]
    learned: list[bool]

    def show(self, tokenizer: Tokenizer) -> str:
        """For a person to read: every piece, and in brackets [ ] those that a model learns to write."""
        pieces = tokenizer.pieces(self.ids)
        shown, before = "", False
        for piece, learned in zip(pieces, self.learned, strict=True):
            shown += ("[" if learned and not before else "]" if before and not learned else "") + piece
            before = learned
        return shown + ("]" if before else "")


def join(turns: Sequence[Sequence[int]], tokenizer: Tokenizer) -> Joined:
    """The ids of a row's turns as one conversation: the first is the user's, the next the assistant's, and so on."""
    joined = Joined([tokenizer.begin], [False])
    for role, ids in zip(map(role_of, range(len(turns))), turns, strict=True):
        joined.ids.extend([tokenizer.symbol(role), *ids, tokenizer.end])
        joined.learned.extend([False, *[role == ASSISTANT] * (len(ids) + 1)])
    return joined


def asked(messages: Sequence[Message], ids: Sequence[Sequence[int]], tokenizer: Tokenizer) -> list[int]:
    """What a model answers: begin, each message's symbol, ids and end, and the symbol of the assistant.

    ids: those of each message's text.
    """
    said = [
        one
        for message, own in zip(messages, ids, strict=True)
        for one in (tokenizer.symbol(message.role), *own, tokenizer.end)
    ]
    return [tokenizer.begin, *said, tokenizer.symbol(ASSISTANT)]


def role_of(place: int) -> Role:
    """Who says a row's turn, counted from 0."""
    return ROLES[place % len(ROLES)]
