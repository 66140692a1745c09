"""What a bundle can do that was trained for translation: its `Bundle` asks this, which is made for each call."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from clearhead.bounds import real, whole
from clearhead.bundle.arguments import require_many, require_text
from clearhead.bundle.settings import Settings
from clearhead.bundle.together import Served
from clearhead.decoding import Precision, Rules, Sampling, SearchOptions, Shortlist
from clearhead.errors import UsageError
from clearhead.tasks.searching import search_options, wide_enough
from clearhead.tasks.translation import Translation, framed, source_ids, tag_of, too_long
from clearhead.tasks.translation.paragraphs import Find, require_alone, sentence_by_sentence, sentences_of
from clearhead.tasks.translation.searching import Passes, listed_for, scores, translations
from clearhead.tasks.translation.terms import Terms, asked_for
from clearhead.text import Tokenizer, is_blank
from clearhead.text.utf8 import Utf8Automaton

if TYPE_CHECKING:
    import clearhead.tracing


class Searching(TypedDict, total=False):
    """What `Bundle.translate` may be told of how to search."""

    beam_size: int | None
    length_penalty: str | None
    batch_tokens: int | None
    search: str | None
    rules: Rules | None
    terms: Mapping[str, str] | None
    contain: Sequence[str]
    keep: bool
    paragraphs: bool
    coverage_penalty: float
    beam_groups: int
    diversity_penalty: float | None


class SearchingMore(Searching, total=False):
    """What `Bundle.search` may be told besides."""

    top_beams: int
    sampling: Sampling | None
    prefix: str
    workers: int | None
    exact: bool
    alignment: bool


@dataclass(frozen=True)
class Translating:
    """A model, its tokenizers and settings; utf8: keeps what is written to whole characters."""

    serving: Served
    precision: Precision
    source: Tokenizer
    target: Tokenizer
    settings: Settings
    shortlist: Shortlist | None
    utf8: Utf8Automaton

    def options(
        self,
        beam_size: int | None,
        top_beams: int,
        length_penalty: str | None,
        sampling: Sampling | None,
        search: str | None = None,
        rules: Rules | None = None,
        beam_groups: int = 1,
        diversity_penalty: float | None = None,
    ) -> SearchOptions:
        return search_options(
            self.target,
            wide_enough(self.settings.beam_size, top_beams, beam_groups) if beam_size is None else beam_size,
            self.settings.length_penalty if length_penalty is None else length_penalty,
            top_beams=top_beams,
            beam_groups=beam_groups,
            diversity_penalty=diversity_penalty,
            sampling=sampling,
            utf8=self.utf8,
            search=self.settings.search if search is None else search,
            rules=self.settings.rules if rules is None else rules,
        )

    def tag(self, to: str | None) -> list[int]:
        require_text("to", to, optional=True)
        return tag_of(to, self.source, self.settings.targets)

    def sources(self, texts: Sequence[str], to: str | None) -> list[list[int] | None]:
        """The ids of each text with its tag and end; None for a blank one. Too long a text is cut."""
        return source_ids(texts, self.tag(to), self.source, self.serving.config.max_length)

    def finder(
        self,
        to: str | None,
        *,
        beam_size: int | None = None,
        top_beams: int = 1,
        length_penalty: str | None = None,
        sampling: Sampling | None = None,
        search: str | None = None,
        rules: Rules | None = None,
        terms: Mapping[str, str] | None = None,
        contain: Sequence[str] = (),
        keep: bool = False,
        paragraphs: bool = False,
        coverage_penalty: float = 0.0,
        beam_groups: int = 1,
        diversity_penalty: float | None = None,
        prefix: str = "",
        batch_tokens: int | None = None,
        workers: int | None = None,
        exact: bool = True,
        alignment: bool = False,
    ) -> Callable[[Sequence[str], int], Iterator[list[Translation]]]:
        """What searches for the translations of texts, given them and the number of the first."""
        groups = beam_groups, diversity_penalty
        options = self.options(beam_size, top_beams, length_penalty, sampling, search, rules, *groups)
        if options.beam_groups > 1:
            given = {"coverage_penalty": bool(coverage_penalty), "terms": bool(terms), "contain": bool(contain)}
            _require_no_groups({**given, "keep": keep})
        if real("coverage_penalty", coverage_penalty):
            options = _all_of_a_beam(options)
        require_text("prefix", prefix)
        for name, value in (("batch_tokens", batch_tokens), ("workers", workers)):
            if value is not None:
                whole(name, value)
        self.tag(to)
        terminology = None if terms is None else Terms(terms)
        require_many("contain", contain)
        shortlist = listed_for(to, self.shortlist, self.source.languages)
        source_bytes = self.source.token_bytes if alignment else None
        passes = Passes(self.serving.precise, exact, source_bytes, coverage_penalty, top_beams)
        if paragraphs:
            given = {"top_beams": top_beams > 1, "alignment": alignment, "sampling": sampling is not None}
            require_alone("paragraphs", {**given, "prefix": bool(prefix), "contain": bool(contain)})

        def find(texts: Sequence[str], numbers: Sequence[int]) -> Iterator[list[Translation]]:
            engine = self.serving.engine(self.precision, batch_tokens, workers)
            sources = self.sources(texts, to)
            readable = [None if ids is None else text for text, ids in zip(texts, sources, strict=True)]
            return translations(
                sources, engine, self.target, options, numbers=numbers, prefix=prefix,
                shortlist=shortlist, passes=passes,
                phrases=asked_for(readable, self.target, terminology, contain, keep),
            )  # fmt: skip

        whole_texts: Find = sentence_by_sentence(find, self.read(to)) if paragraphs else find
        return lambda texts, first: whole_texts(texts, range(first, first + len(texts)))

    def read(self, to: str | None) -> str | None:
        """The language of the texts that are translated into this one; None where it has no name."""
        known = [source for source, target in self.settings.languages if to in (None, target)]
        return known[0] if known else None

    def too_long(self, texts: Sequence[str], paragraphs: bool) -> list[int]:
        """Which texts, or which that have such a sentence, are longer than the model reads."""
        longest = self.serving.config.max_length
        if not paragraphs:
            return too_long(texts, self.source, longest)
        pairs = [(number, one) for number, text in enumerate(texts) for one in sentences_of(text, self.read(None))]
        found = too_long([sentence for _, sentence in pairs], self.source, longest)
        return list(dict.fromkeys(pairs[place][0] for place in found))

    def score(
        self,
        sources: Sequence[str],
        targets: Sequence[str],
        to: str | None,
        length_penalty: str | None,
        batch_tokens: int | None,
    ) -> list[Translation]:
        options, encoded = self.options(None, 1, length_penalty, None), self.sources(sources, to)
        # A blank source with words for a target is a question: how probable are they after nothing at all?
        asked = [
            ids or (None if is_blank(text) else framed((), self.tag(to), self.source))
            for ids, text in zip(encoded, targets, strict=True)
        ]
        return scores(asked, targets, self.serving.precise(), self.target, options, batch_tokens)

    def trace(
        self, text: str, to: str | None, target: str | None, beam_size: int, max_tokens: int
    ) -> "clearhead.tracing.Trace":
        from clearhead.bundle.traces import traced_text

        require_text("target", target, optional=True)
        if max_tokens:
            raise UsageError(f"max_tokens={max_tokens} is for models that go on with texts; a translation ends itself")

        [source] = self.sources([text], to)
        if source is None:
            raise UsageError("there is nothing to trace in a blank text; give a sentence")
        options, settings = self.options(beam_size, 1, None, None), {"model": self.settings.name, "to": to}
        tokenizers = self.source, self.target
        return traced_text(self.serving, self.precision, text, source, target, tokenizers, options, settings)


def _require_no_groups(given: Mapping[str, bool]) -> None:
    """Raise UsageError for what looks at a whole beam, where that is parted in groups."""
    if names := [name for name, is_given in given.items() if is_given]:
        raise UsageError(f"{names[0]} is for a beam without groups; leave it out, or beam_groups")


def _all_of_a_beam(options: SearchOptions) -> SearchOptions:
    """To be ranked by more than their probabilities, of which the best may be any. Raises UsageError for draws."""
    if options.sampling is not None:
        raise UsageError("coverage ranks what a search found, and sampling draws; leave one of them out")
    return dataclasses.replace(options, top_beams=options.beam_size)
