"""Texts of several sentences, translated sentence by sentence; what stands between them is kept as it is."""

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence

from clearhead.errors import UsageError
from clearhead.tasks.translation.results import BLANK, Translation
from clearhead.text.sentences import Part, parts

# Searches for the translations of texts, given them and their numbers among all.
Find = Callable[[Sequence[str], Sequence[int]], Iterator[list[Translation]]]


def require_alone(name: str, others: Mapping[str, bool]) -> None:
    """Raise UsageError where one of these is asked for besides: it is for one text, or for one of many translations.

    name: that of what cuts texts into sentences, for whoever asked for it.
    """
    for other, is_given in others.items():
        if is_given:
            raise UsageError(
                f"{name} gives one translation for each sentence, and {other} is for whole texts; leave one of them out"
            )


def sentence_by_sentence(find: Find, language: str | None) -> Find:
    """What searches for the translations of texts, made of what does so for sentences: one for each text.

    Sentences of all texts are translated together, and each by itself under the number of its text.
    language: of the texts, by which sentences end.
    """

    def found(texts: Sequence[str], numbers: Sequence[int]) -> Iterator[list[Translation]]:
        cut = [parts(text, language) for text in texts]
        counts = [sum(part.is_sentence for part in each) for each in cut]
        sentences = [part.text for each in cut for part in each if part.is_sentence]
        own = [number for number, count in zip(numbers, counts, strict=True) for _ in range(count)]
        translated = find(sentences, own)
        for each, count in zip(cut, counts, strict=True):
            yield [joined(each, [best for best, *_ in itertools.islice(translated, count)])]

    return found


def sentences_of(text: str, language: str | None) -> list[str]:
    return [part.text for part in parts(text, language) if part.is_sentence]


def joined(cut: Sequence[Part], translations: Sequence[Translation]) -> Translation:
    """One text of the translations of its sentences, with what stands between them: its scores are their sums."""
    if not translations:
        return dataclasses.replace(BLANK, text="".join(part.text for part in cut))
    own = iter(translations)
    return Translation(
        "".join(next(own).text if part.is_sentence else part.text for part in cut),
        sum(one.score for one in translations),
        sum(one.log_probability for one in translations),
        tuple(itertools.chain.from_iterable(one.tokens for one in translations)),
        tuple(itertools.chain.from_iterable(one.token_log_probabilities for one in translations)),
        all(one.finished for one in translations),
    )
