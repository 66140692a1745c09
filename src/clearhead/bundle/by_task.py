"""What answers a bundle's methods, by the task of its model: made for each call, of what the bundle is then."""

from collections.abc import Callable
from dataclasses import dataclass

from clearhead.bundle.chatting import Chatting
from clearhead.bundle.generating import Generating
from clearhead.bundle.serving import Serving
from clearhead.bundle.settings import Settings
from clearhead.bundle.translating import Translating
from clearhead.bundle.understanding import Understanding
from clearhead.bundle.verbs import require_verb
from clearhead.decoding import Precision, Shortlist
from clearhead.text import Tokenizer
from clearhead.text.utf8 import Utf8Automaton


@dataclass(frozen=True)
class ByTask:
    """A bundle's parts. Each method raises UsageError for a verb that models of this task do not have.

    utf8: gives what keeps whatever is written to whole characters, which takes time to make.
    """

    serving: Serving
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
