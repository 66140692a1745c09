"""What a bundle can do that was trained for language modelling: its `Bundle` asks this, which is made for each call."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from clearhead.bounds import whole
from clearhead.bundle.arguments import require_many
from clearhead.bundle.settings import Settings
from clearhead.bundle.together import Served
from clearhead.decoding import Precision, Rules, Sampling, SearchOptions
from clearhead.errors import UsageError
from clearhead.tasks.language_modelling import Generation, prompt_ids
from clearhead.tasks.language_modelling.generating import (
    MAX_TOKENS,
    SAMPLING,
    generations,
    stops_of,
)
from clearhead.tasks.language_modelling.streaming import generated_pieces
from clearhead.tasks.searching import search_options
from clearhead.text import Tokenizer
from clearhead.text.utf8 import Utf8Automaton

if TYPE_CHECKING:
    import clearhead.tracing


class Writing(TypedDict, total=False):
    """What `Bundle.generate` may be told of how to write."""

    max_tokens: int | None
    sampling: Sampling | None
    beam_size: int | None
    stop: Sequence[str]
    search: str | None
    rules: Rules | None
    beam_groups: int
    diversity_penalty: float | None


@dataclass(frozen=True)
class Generating:
    """A model, its tokenizer and settings; utf8: keeps what is written to whole characters."""

    serving: Served
    precision: Precision
    tokenizer: Tokenizer
    settings: Settings
    utf8: Utf8Automaton

    def options(
        self,
        beam_size: int | None,
        n: int,
        sampling: Sampling | None,
        stop: Sequence[str],
        search: str | None = None,
        rules: Rules | None = None,
        beam_groups: int = 1,
        diversity_penalty: float | None = None,
    ) -> SearchOptions:
        """Those of a search where a beam is asked for, and of drawing otherwise."""
        if sampling is not None and beam_size is not None:
            raise UsageError(
                f"beam_size={beam_size} is for searching, and sampling draws instead; leave one of them out"
            )
        if beam_size is not None and whole("n", n) > whole("beam_size", beam_size):
            raise UsageError(f"n={n} is more than beam_size={beam_size}; widen the beam, or draw instead")
        if beam_size is None and whole("beam_groups", beam_groups) > 1:
            raise UsageError(f"beam_groups={beam_groups} parts a beam; give beam_size={2 * beam_groups} as well")
        require_many("stop", stop)
        return search_options(
            self.tokenizer,
            1 if beam_size is None else beam_size,
            self.settings.length_penalty,
            top_beams=whole("n", n),
            beam_groups=beam_groups,
            diversity_penalty=diversity_penalty,
            sampling=self._sampling(n) if beam_size is None and sampling is None else sampling,
            utf8=self.utf8,
            stop=stops_of(stop, self.tokenizer, self.settings.ends),
            ends=self.settings.ends,
            search=self.settings.search if search is None else search,
            rules=self.settings.rules if rules is None else rules,
        )

    def _sampling(self, n: int) -> Sampling | None:
        """How it draws unless somebody says otherwise; None where it does not: but several are drawn."""
        if self.settings.is_greedy:
            return SAMPLING if n > 1 else None
        own: dict[str, Any] = dict(self.settings.sampling)
        return Sampling(**own) if own else SAMPLING

    def most(self, max_tokens: int | None) -> int:
        """How many tokens a text has at most."""
        usual = self.settings.rules.max_tokens
        return whole("max_tokens", max_tokens) if max_tokens is not None else MAX_TOKENS if usual is None else usual

    def told(self, n: int, how: Writing) -> SearchOptions:
        """The options of `n` texts each."""
        sampling, stop = how.get("sampling"), how.get("stop", ())
        groups = how.get("beam_groups", 1), how.get("diversity_penalty")
        return self.options(how.get("beam_size"), n, sampling, stop, how.get("search"), how.get("rules"), *groups)

    def prompts(self, texts: Sequence[str], first: int = 0) -> list[list[int]]:
        """The ids that the model goes on from. Raises UsageError for a prompt that is too long."""
        require_many("prompts", texts)
        longest, begins = self.serving.config.max_length, self.settings.documents != "file"
        return prompt_ids(texts, self.tokenizer, longest, begins=begins, first=first)

    def generations(
        self,
        prompts: Sequence[Sequence[int]],
        options: SearchOptions,
        max_tokens: int | None,
        first: int,
        batch_tokens: int | None,
        workers: int | None,
    ) -> list[list[Generation]]:
        """Texts after the prompts, which are ids."""
        engine = self.serving.engine(self.precision, batch_tokens, workers)
        return list(generations(prompts, engine, self.tokenizer, options, self.most(max_tokens), first=first))

    def trace(
        self, text: str, to: str | None, target: str | None, beam_size: int, max_tokens: int
    ) -> "clearhead.tracing.Trace":
        return self.traced(text, self.prompts([text])[0], to, target, beam_size, max_tokens)

    def traced(
        self, text: str, ids: list[int], to: str | None, target: str | None, beam_size: int, max_tokens: int
    ) -> "clearhead.tracing.Trace":
        """The trace of a text that the model reads as these ids."""
        from clearhead.bundle.traces import traced_reading

        if to is not None or target is not None:
            raise UsageError("to and target are for models that translate; give all that is to be read as the text")
        tokens = 0 if max_tokens == 0 else whole("max_tokens", max_tokens)
        written: tuple[int, ...] = ()
        if tokens:
            [[best]] = self.generations([ids], self.options(beam_size, 1, None, ()), tokens, 0, None, None)
            written = best.tokens
        settings = {"model": self.settings.name, "precision": self.precision, "max_tokens": tokens, "prompt": len(ids)}
        return traced_reading(self.serving.model, text, ids, written, self.tokenizer, settings)

    def pieces(
        self, prompt: Sequence[int], options: SearchOptions, max_tokens: int | None
    ) -> Generator[str, None, None]:
        """The text after a prompt, which is ids, as it is written."""
        if options.sampling is None and options.beam_size > 1:
            raise UsageError(
                f"with beam_size={options.beam_size} no text is known before the end; choose 1, or ask `generate`"
            )
        return generated_pieces(
            prompt, self.serving.engine(self.precision), self.tokenizer, options, self.most(max_tokens)
        )
