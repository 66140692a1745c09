"""What a bundle's search gives: hypotheses as text, with their scores."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from clearhead.decoding import Hypothesis, SearchOptions
from clearhead.decoding.scores import confidence
from clearhead.tasks.translation.alignment import Links, links, words_of
from clearhead.tasks.translation.coverage import Attention, coverage
from clearhead.text import Tokenizer

if TYPE_CHECKING:
    import clearhead.model


@dataclasses.dataclass(frozen=True)
class Translation:
    """One hypothesis as text, with the scores of the search that found it (natural logarithms).

    tokens: the pieces' ids, the end symbol included where the hypothesis ended by itself (`finished`).
    alignment: which word of the source each of its words stands for, as (source, target), counted from 0 and separated
        by white space; None where nobody asked for it.
    """

    text: str
    score: float
    log_probability: float
    tokens: tuple[int, ...]
    token_log_probabilities: tuple[float, ...]
    finished: bool
    alignment: Links | None = None

    @property
    def confidence(self) -> float:
        """How sure the model is of a token, from 0 to 1: the geometric mean of its tokens' probabilities.

        1 for a blank text, in which there is nothing to be unsure of. It says nothing of languages never learned.
        """
        return confidence(self.token_log_probabilities)


# Of a blank text.
BLANK = Translation("", 0.0, 0.0, (), (), True)


def as_text(hypothesis: Hypothesis, tokenizer: Tokenizer) -> Translation:
    """The hypothesis of a search, decoded."""
    return Translation(
        tokenizer.decode(hypothesis.tokens),
        hypothesis.score,
        hypothesis.log_probability,
        hypothesis.tokens,
        hypothesis.token_log_probabilities,
        hypothesis.finished,
    )


def rescored(
    model: "clearhead.model.EncoderDecoder",
    sources: Sequence[list[int]],
    found: Sequence[Sequence[Hypothesis]],
    options: SearchOptions,
) -> list[list[Hypothesis]]:
    """The hypotheses of each source in the same order, scored by `model` as targets that are given."""
    from clearhead.decoding import score_ids

    flat = [(source, one) for source, hypotheses in zip(sources, found, strict=True) for one in hypotheses]
    targets = [one.tokens[:-1] if one.finished else one.tokens for _, one in flat]
    ended = [one.finished for _, one in flat]
    scored = iter(score_ids(model, [source for source, _ in flat], targets, options, ended=ended))
    return [[next(scored) for _ in hypotheses] for hypotheses in found]


@dataclasses.dataclass(frozen=True)
class Attended:
    """A translation, and how much each of its tokens attended to each of the source's."""

    translation: Translation
    attention: Attention


def attended(
    model: Any, sources: Sequence[list[int]], found: Sequence[Sequence[Translation]], begin: int
) -> list[list[Attended]]:
    """The translations of each source with what `model` attends to as it writes them."""
    from clearhead.tasks.translation.attending import attentions

    flat = [(source, one) for source, translations in zip(sources, found, strict=True) for one in translations]
    weights = iter(attentions(model, [source for source, _ in flat], [one.tokens for _, one in flat], begin))
    return [[Attended(one, next(weights)) for one in translations] for translations in found]


def best_covered(found: Sequence[Attended], penalty: float) -> list[Attended]:
    """A text's translations, best first: `penalty` (β) times their coverage is a part of their scores."""
    told = [
        dataclasses.replace(one.translation, score=one.translation.score + penalty * coverage(one.attention))
        for one in found
    ]
    pairs = [Attended(translation, one.attention) for translation, one in zip(told, found, strict=True)]
    return sorted(pairs, key=lambda one: -one.translation.score)


def aligned(
    found: Sequence[Attended],
    source: Sequence[int],
    source_bytes: Sequence[bytes | None],
    target_bytes: Sequence[bytes | None],
) -> list[Translation]:
    """The translations of a source with their alignments, by what was attended to."""
    words = words_of(source, source_bytes)
    return [
        dataclasses.replace(
            one.translation, alignment=links(one.attention, words_of(one.translation.tokens, target_bytes), words)
        )
        for one in found
    ]
