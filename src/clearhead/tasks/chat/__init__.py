"""Answering with a decoder-only model: from the messages of a conversation to ids."""

from typing import TYPE_CHECKING

from clearhead.lazy import lazy_names

if TYPE_CHECKING:
    from clearhead.tasks.chat.histories import Fitted, checked, fitted
    from clearhead.tasks.chat.joining import Joining
    from clearhead.tasks.chat.turns import Message, join, role_of

__all__ = ["Fitted", "Joining", "Message", "checked", "fitted", "join", "role_of"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "histories": ("Fitted", "checked", "fitted"),
        "joining": ("Joining",),
        "turns": ("Message", "join", "role_of"),
    },
)
