"""What a bundle can do that was trained for chat: its `Bundle` asks this, which is made for each call."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clearhead.bundle.arguments import require_many
from clearhead.bundle.generating import Generating
from clearhead.errors import UsageError
from clearhead.tasks.chat import Fitted, Joining, Message, checked, fitted

if TYPE_CHECKING:
    import clearhead.tracing

Conversation = str | Sequence[Message]


@dataclass(frozen=True)
class Chatting:
    """A model that writes, and what it is given of a conversation."""

    generating: Generating

    def fitted(self, messages: Conversation, max_tokens: int | None, number: int = 1) -> Fitted:
        """What the model is given of a conversation. number: which of several it is, from 1."""
        said, generating = checked(messages, number), self.generating
        longest, most = generating.serving.config.max_length, generating.settings.messages
        if (template := generating.settings.template) is not None:
            from clearhead.tasks.chat.template import fitted_by

            return fitted_by(template, said, generating.tokenizer, longest, generating.most(max_tokens), number)
        return fitted(said, generating.tokenizer, longest, generating.most(max_tokens), most, number)

    def prompts(self, conversations: Sequence[Conversation], max_tokens: int | None, first: int) -> list[list[int]]:
        """What the model is given of each. first: the number of the first of them among all, from 0."""
        if isinstance(conversations, str) or not isinstance(conversations, Sequence):
            raise UsageError(
                "conversations are no list; give a list of conversations, each a str or a list of messages"
            )
        return [self.fitted(one, max_tokens, number).ids for number, one in enumerate(conversations, start=first + 1)]

    def trace(
        self, text: str, to: str | None, target: str | None, beam_size: int, max_tokens: int
    ) -> "clearhead.tracing.Trace":
        ids = self.fitted(text, max_tokens or None).ids
        return self.generating.traced(text, ids, to, target, beam_size, max_tokens)

    def joined(self, turns: Sequence[str]) -> str:
        """A row of a table as it is learned, for a person to read."""
        require_many("turns", turns)
        tokenizer = self.generating.tokenizer
        [joined] = Joining(self.generating.settings.template)([turns], tokenizer)
        return joined.show(tokenizer)
