"""What answers a bundle's methods, by the task of its model: made for each call, of what the bundle is then."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from clearhead.bundle.chatting import Chatting
from clearhead.bundle.generating import Generating
from clearhead.bundle.settings import Settings
from clearhead.bundle.together import Served
from clearhead.bundle.translating import Translating
from clearhead.bundle.understanding import Understanding
from clearhead.bundle.verbs import CHAT, has_verb, require_verb
from clearhead.decoding import Precision, Shortlist
from clearhead.tasks import task_for
from clearhead.tasks.translation import framed
from clearhead.tasks.whole_texts import WRITTEN_MASK
from clearhead.text import Tokenizer
from clearhead.text.utf8 import Utf8Automaton

if TYPE_CHECKING:
    import clearhead.tracing


@runtime_checkable
class Tracing(Protocol):
    """What shows every number of one text; see `Bundle.trace`."""

    def trace(
        self, text: str, to: str | None, target: str | None, beam_size: int, max_tokens: int
    ) -> "clearhead.tracing.Trace": ...


@dataclass(frozen=True)
class ByTask:
    """A bundle's parts. Each method raises UsageError for a verb that models of this task do not have.

    utf8: gives what keeps whatever is written to whole characters, which takes time to make.
    """

    serving: Served
    precision: Precision
    source: Tokenizer
    target: Tokenizer
    settings: Settings
    shortlist: Shortlist | None
    utf8: Callable[[], Utf8Automaton]

    def understanding(self, verb: str) -> Understanding:
        require_verb(verb, self.settings.task)
        return Understanding(self.serving, self.precision, self.source, self.settings)

    def translating(self, verb: str) -> Translating:
        require_verb(verb, self.settings.task)
        tokenizers = self.source, self.target
        return Translating(self.serving, self.precision, *tokenizers, self.settings, self.shortlist, self.utf8())

    def generating(self, verb: str) -> Generating:
        require_verb(verb, self.settings.task)
        return Generating(self.serving, self.precision, self.source, self.settings, self.utf8())

    def chatting(self, verb: str) -> Chatting:
        return Chatting(self.generating(verb))

    def tracing(self, text: str) -> Tracing:
        """By the model's family, and of one that both writes and fills by whether the text has a masked place."""
        family, fills = task_for(self.serving.config).family, WRITTEN_MASK in text and self._has("fill")
        if family == "encoder-decoder":
            return self.translating("trace")
        if self.settings.task == CHAT:
            return self.chatting("trace")
        return self.understanding("trace") if fills or family == "encoder-only" else self.generating("trace")

    def ids(self, text: str, to: str | None) -> list[int]:
        """What the model reads for a text; see `Bundle.encode`."""
        if to is None and self.settings.task == CHAT:
            return self.chatting("chat").fitted(text, None).ids
        if to is None and self._has("generate"):
            return self.generating("generate").prompts([text])[0]
        if to is None and self._has("embed"):
            return self.understanding("embed").ids([text])[0]
        translating = self.translating("search")
        return translating.sources([text], to)[0] or framed((), translating.tag(to), self.source)

    def too_long(self, texts: Sequence[str], paragraphs: bool = False) -> list[int]:
        """Which texts are longer than the model reads; see `Bundle.too_long`."""
        if self._has("embed") and not paragraphs:
            return self.understanding("too_long").too_long(texts)
        return self.translating("search" if paragraphs else "too_long").too_long(texts, paragraphs)

    def _has(self, verb: str) -> bool:
        return has_verb(verb, self.settings.task)
