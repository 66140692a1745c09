"""A trained model in use: a method for each thing that a model may have been trained to do."""

from collections.abc import Generator, Iterable, Sequence
from typing import TYPE_CHECKING, Unpack, overload

import numpy as np
from jaxtyping import Float32

from clearhead.bundle.arguments import one_or_many, require_many, require_text
from clearhead.bundle.by_task import ByTask
from clearhead.bundle.chatting import Conversation
from clearhead.bundle.generating import Writing
from clearhead.bundle.opened import Opened
from clearhead.bundle.streaming import Noting, best_texts, streamed
from clearhead.bundle.translating import Searching, SearchingMore
from clearhead.bundle.verbs import require_verb
from clearhead.errors import UsageError
from clearhead.tasks.classifying import Label
from clearhead.tasks.filling import Filled
from clearhead.tasks.language_modelling import Generation
from clearhead.tasks.nearest import Nearest
from clearhead.tasks.translation import Translation

if TYPE_CHECKING:
    import clearhead.tracing


class Bundle(Opened):
    """A trained model with all that is needed to use it.

    `clearhead.load(path)` reads one; `translate`, `summarise` or `generate` uses it, whichever its `task` has; `save`
    writes it to a folder. A method that its task does not have raises a UsageError that names those which it has.
    precision: in which numbers it multiplies while it translates; int8 is for CPUs (scores that `search` reports are
    exact in all of them). Raises UsageError for an unknown one.
    shortlist: lets each translation have only the pieces that its source's pieces may become; None for all.
    source_scripts: the scripts, such as LATIN, in which the sources were written that the model was trained on. Where
    None is given, as for a bundle that does not say, those of which its tokenizer has whole pieces of words.
    settings: its name, its languages, and how it searches unless told otherwise; the recipe's where None is given.
    """

    def tag(self, to: str | None) -> list[int]:
        """What stands before the ids of a source that is to be translated into `to`: its tag, where there are tags.

        Raises UsageError for a language that the model does not know.
        """
        return self._by_task.translating("tag").tag(to)

    def encode(self, text: str, to: str | None = None) -> list[int]:
        """The ids that the model reads for a text: the tag of `to`, where it knows several languages, pieces, and end.

        Too long a text is cut. Raises UsageError for a language that the model does not know. A language model reads
        begin and pieces, or pieces alone where its prompts stand in the middle of documents; a chat model begin, the
        text as the message of a user, and the symbol after which it answers. What reads whole texts reads begin, pieces
        and end.
        """
        require_text("text", text)
        return self._by_task.ids(text, to)

    @overload
    def translate(  # type: ignore[overload-overlap]  # a str is a sequence of str as well
        self, texts: str, to: str | None = None, **settings: Unpack[Searching]
    ) -> str: ...

    @overload
    def translate(self, texts: Sequence[str], to: str | None = None, **settings: Unpack[Searching]) -> list[str]: ...

    def translate(
        self,
        texts: str | Sequence[str],
        to: str | None = None,
        **settings: Unpack[Searching],
    ) -> str | list[str]:
        """Translate a text, or many: a str gives a str, a sequence gives a list of the same length and order.

        `to` names the target language where the model knows several. The settings default to the bundle's: beam_size,
        length_penalty, batch_tokens, `search` (clearhead, or huggingface as `SearchStrategy` has it) and `rules`.
        `terms`, a dict of source terms and what they are in the target, holds for texts that have such a term;
        `contain` is what every translation must hold. With `keep` addresses, tags and placeholders stand in it as often
        as in the text, byte for byte (docs/translating.md says what it promises). With `paragraphs` each text is cut
        into sentences, which are translated one by one, and what stands between them is kept. `coverage_penalty` (0) is
        how much it counts that parts of a text were not looked at (docs/translating.md); such translations rank lower.
        `beam_groups` (1) parts the beam in groups whose hypotheses differ more, by `diversity_penalty` (1).
        Raises UsageError for a language that it does not know, DecodingError for impossible settings.
        """
        require_verb("translate", self.task)
        best = self._best(one_or_many("texts", texts), to, settings)
        return best[0] if isinstance(texts, str) else best

    @overload
    def summarise(  # type: ignore[overload-overlap]  # a str is a sequence of str as well
        self, texts: str, **settings: Unpack[Searching]
    ) -> str: ...

    @overload
    def summarise(self, texts: Sequence[str], **settings: Unpack[Searching]) -> list[str]: ...

    def summarise(self, texts: str | Sequence[str], **settings: Unpack[Searching]) -> str | list[str]:
        """Summarise a text, or many, as `translate` translates: `search` and the other methods do so as well."""
        require_verb("summarise", self.task)
        best = self._best(one_or_many("texts", texts), None, settings)
        return best[0] if isinstance(texts, str) else best

    def _best(self, texts: Sequence[str], to: str | None, how: Searching) -> list[str]:
        return [hypotheses[0].text for hypotheses in self.search(texts, to, exact=False, **how)]

    def translate_stream(
        self,
        texts: Iterable[str],
        to: str | None = None,
        *,
        ahead: int | None = None,
        **settings: Unpack[Searching],
    ) -> Generator[str, None, None]:
        """Translate texts one after the other, in their order and in bounded memory, even if they never end.

        texts: any iterable of str. Some are read, and translated together; more and more, up to 16,000 at a time.
            Where it has a method `is_there`, which says whether the next text is there without waiting, those that are
            there are not kept waiting for others. Where it breaks off with an error, those before come first.
        ahead: how many texts to read at most before the first of them is translated; 1 where whoever writes them waits
            for each answer.

        Whoever closes the iterator stops what is being translated. Raises as `translate` does.
        """
        require_verb("translate_stream", self.task)
        return best_texts(self.search_stream(texts, to, exact=False, ahead=ahead, **settings))

    def search(
        self, texts: Sequence[str], to: str | None = None, *, first: int = 0, **settings: Unpack[SearchingMore]
    ) -> list[list[Translation]]:
        """The `top_beams` best translations of each text with their scores, best first, in the order of `texts`.

        The settings are those of `translate` and: top_beams (1), sampling (None), prefix (""), workers (None: one for
        each core), exact (True) and alignment (False).
        A text without any word (blank) is translated by a blank one, with a log-probability of 0. A text that is longer
        than the model can read is cut (`too_long` says which). `prefix` is text that every translation must begin with.
        `first` is the first text's number, from 0, where they are a part of more: errors name it, draws depend on it.
        Scores are those that `score` gives, computed in float64; `exact=False` leaves them as the search had them,
        right to about five digits (a little higher with a shortlist), and saves that second pass. With `alignment=True`
        each tells which word stands for which. `sampling` draws in place of searching. Raises as `translate` does.
        """
        require_many("texts", texts)
        return list(self._by_task.translating("search").finder(to, **settings)(texts, first))

    def search_stream(
        self,
        texts: Iterable[str],
        to: str | None = None,
        *,
        ahead: int | None = None,
        noting: Noting | None = None,
        **settings: Unpack[SearchingMore],
    ) -> Generator[list[Translation], None, None]:
        """What `search` gives, text by text, as `translate_stream` does.

        noting: is called with some texts and the number of the first, from 0, before they are translated.
        """
        return streamed(texts, self._by_task.translating("search_stream").finder(to, **settings), ahead, noting)

    def score(
        self,
        sources: Sequence[str],
        targets: Sequence[str],
        to: str | None = None,
        *,
        length_penalty: str | None = None,
        batch_tokens: int | None = None,
    ) -> list[Translation]:
        """How probable the model holds each target to be, given its source: what `search` reports for what it finds.

        A blank target of a blank source has a log-probability of 0, as in `search`. Raises UsageError where the two
        have different lengths, DecodingError for a target that is longer than the model can write.
        """
        require_many("sources", sources)
        require_many("targets", targets)
        if len(sources) != len(targets):
            raise UsageError(f"{len(sources)} sources but {len(targets)} targets; give one target for each source")
        return self._by_task.translating("score").score(sources, targets, to, length_penalty, batch_tokens)

    def trace(
        self, text: str, to: str | None = None, target: str | None = None, *, beam_size: int = 1, max_tokens: int = 0
    ) -> "clearhead.tracing.Trace":
        """Every number that the model computes for one text, in float32, whatever the precision it is served in.

        A translation is the one that `translate` gives with this beam, or `target`. A language model reads the text and
        goes on with the `max_tokens` likeliest tokens; one that fills takes `[MASK]` for a masked place. Raises
        UsageError for a blank text, an unknown language or another kind's argument, DecodingError for a long target.
        """
        require_text("text", text)
        found = self._by_task.tracing(text).trace(text, to, target, beam_size, max_tokens)
        found.bundle = self
        return found

    @overload
    def generate(  # type: ignore[overload-overlap]  # a str is a sequence of str as well
        self, prompts: str, **settings: Unpack[Writing]
    ) -> str: ...

    @overload
    def generate(self, prompts: Sequence[str], **settings: Unpack[Writing]) -> list[str]: ...

    def generate(
        self,
        prompts: str | Sequence[str],
        **settings: Unpack[Writing],
    ) -> str | list[str]:
        """What the model writes after a prompt, or many: a str gives a str, a sequence a list of the same length.

        The prompt is no part of it. Tokens are drawn, at temperature 0.8 where no `sampling` says otherwise; with a
        `beam_size` the likeliest are searched for, and 1 takes the likeliest token each time. It ends at the model's
        own end, before the first of the `stop` strings, or after `max_tokens` (200). Where its positions run out it
        goes on from the last half of what it has read; a beam that is wider than 1 ends there. An empty prompt is the
        beginning of a document. `search`, `rules`, `beam_groups` and `diversity_penalty` are as in `translate`. Raises
        UsageError for a prompt that is too long.
        """
        require_verb("generate", self.task)
        many = one_or_many("prompts", prompts)
        written = [best.text for best, *_ in self.generations(many, **settings)]
        return written[0] if isinstance(prompts, str) else written

    def generations(
        self,
        prompts: Sequence[str],
        *,
        n: int = 1,
        first: int = 0,
        batch_tokens: int | None = None,
        workers: int | None = None,
        **settings: Unpack[Writing],
    ) -> list[list[Generation]]:
        """`n` texts for each prompt with their scores and why they ended, best first, finished ones before others.

        They are drawn, or the best of a beam that is as wide. `first` is the first prompt's number, from 0, where they
        are a part of more: errors name it, draws depend on it. The rest is as in `generate`.
        """
        generating, max_tokens = self._by_task.generating("generations"), settings.get("max_tokens")
        options, ids = generating.told(n, settings), generating.prompts(prompts, first)
        return generating.generations(ids, options, max_tokens, first, batch_tokens, workers)

    def generate_stream(
        self,
        prompt: str,
        **settings: Unpack[Writing],
    ) -> Generator[str, None, None]:
        """What `generate` gives for a prompt, piece by piece as it is written: whole characters.

        What may become a stop string waits for what follows. Of a beam that is wider than 1 nothing is known before
        the end, so that it raises a UsageError. Whoever closes the iterator stops the model.
        """
        generating, max_tokens = self._by_task.generating("generate_stream"), settings.get("max_tokens")
        require_text("prompt", prompt)
        return generating.pieces(generating.prompts([prompt])[0], generating.told(1, settings), max_tokens)

    def chat(self, messages: Conversation, **settings: Unpack[Writing]) -> str:
        """What the model answers to a conversation: its messages, the last of them the user's, or a str for one.

        Where it is longer than the model has positions for, its oldest messages are left out: `left_out` says how many.
        The settings are those of `generate`. Raises UsageError where the last message alone is too long.
        """
        require_verb("chat", self.task)
        return self.answers([messages], **settings)[0][0].text

    def answers(
        self,
        conversations: Sequence[Conversation],
        *,
        n: int = 1,
        first: int = 0,
        batch_tokens: int | None = None,
        workers: int | None = None,
        **settings: Unpack[Writing],
    ) -> list[list[Generation]]:
        """`n` answers to each conversation, as `generations` gives texts for prompts."""
        chatting, max_tokens = self._by_task.chatting("answers"), settings.get("max_tokens")
        options = chatting.generating.told(n, settings)
        prompts = chatting.prompts(conversations, max_tokens, first)
        return chatting.generating.generations(prompts, options, max_tokens, first, batch_tokens, workers)

    def chat_stream(self, messages: Conversation, **settings: Unpack[Writing]) -> Generator[str, None, None]:
        """What `chat` gives, piece by piece as it is written, as `generate_stream` does."""
        chatting, max_tokens = self._by_task.chatting("chat_stream"), settings.get("max_tokens")
        options, ids = chatting.generating.told(1, settings), chatting.fitted(messages, max_tokens).ids
        return chatting.generating.pieces(ids, options, max_tokens)

    def left_out(self, messages: Conversation, max_tokens: int | None = None) -> int:
        """How many of the oldest messages of a conversation the model is not given, as it has no room for them."""
        return self._by_task.chatting("left_out").fitted(messages, max_tokens).left_out

    def joined(self, turns: Sequence[str]) -> str:
        """A row of a chat's table as it is learned: all its pieces, and in brackets those that are learned."""
        return self._by_task.chatting("joined").joined(turns)

    @overload
    def fill(self, texts: str, *, n: int = 5) -> Filled: ...  # type: ignore[overload-overlap]  # a str is a sequence

    @overload
    def fill(self, texts: Sequence[str], *, n: int = 5, first: int = 0) -> list[Filled]: ...

    def fill(self, texts: str | Sequence[str], *, n: int = 5, first: int = 0) -> Filled | list[Filled]:
        """What may stand where a text has `[MASK]`, once or several times: the `n` most probable pieces for each.

        A str gives one result, a sequence gives a list of the same length. A piece is a word or a part of one, with the
        space before it where the text has one there; half a character is none. Each mask is filled by itself.
        `first` is the first text's number, from 0, where they are a part of more: errors name it.
        Raises UsageError for a text that has no mask, and for one that is too long.
        """
        found = self._by_task.understanding("fill").fill(one_or_many("texts", texts), n, first)
        return found[0] if isinstance(texts, str) else found

    @overload
    def classify(self, texts: str) -> Label: ...  # type: ignore[overload-overlap]  # a str is a sequence of str as well

    @overload
    def classify(self, texts: Sequence[str]) -> list[Label]: ...

    def classify(self, texts: str | Sequence[str]) -> Label | list[Label]:
        """The most probable label of a text, or of many, and the probability of each.

        A str gives one result, a sequence gives a list of the same length. Too long a text is cut (`too_long`).
        """
        found = self._by_task.understanding("classify").classify(one_or_many("texts", texts))
        return found[0] if isinstance(texts, str) else found

    def embed(self, texts: Sequence[str]) -> Float32[np.ndarray, "texts width"]:
        """A vector of length 1 for each text: the mean over its tokens, begin and end among them (L2).

        Texts that mean alike lie in one direction: `vectors @ vectors.T` are the cosines of all pairs. Too long a text
        is cut (`too_long`).
        """
        return self._by_task.understanding("embed").embed(texts)

    def nearest(
        self, query: str, texts: Sequence[str], *, n: int = 5, vectors: Float32[np.ndarray, "texts width"] | None = None
    ) -> list[Nearest]:
        """The `n` texts that are nearest to a query by the cosine of their vectors (`embed`), the best first.

        vectors: those that `embed` made of the same texts, so that they are not made again. Raises UsageError where
        they are not as many, not as wide, or not this model's. Blank texts are left out.
        """
        return self._by_task.understanding("nearest").nearest(query, texts, n, vectors)

    @property
    def _by_task(self) -> ByTask:
        """Of what this bundle is now: each part of it may have been exchanged."""
        tokenizers = self.source_tokenizer, self.target_tokenizer
        return ByTask(self._serving, self.precision, *tokenizers, self.settings, self.shortlist, lambda: self._utf8)

    def too_long(self, texts: Sequence[str], *, paragraphs: bool = False) -> list[int]:
        """The numbers, from 0, of the texts that are longer than the model can read, and are cut at its limit.

        With `paragraphs`, as `translate` has it, of those with a sentence that is.
        """
        return self._by_task.too_long(texts, paragraphs)
