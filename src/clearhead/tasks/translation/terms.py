"""What a translation must hold: texts that somebody names, and what the source terms in its text are in the target."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, final

from clearhead.decoding.phrases import Phrase
from clearhead.errors import UsageError
from clearhead.tasks.searching import COUNTED
from clearhead.tasks.translation.keeping import kept_phrases
from clearhead.text import Tokenizer, is_blank

# Scripts that put no space between words; in Hangul a particle follows a word without one.
_UNSPACED: Final = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN")


@final
@dataclass(frozen=True)
class Terms:
    """A terminology: what each source term is to be in the target.

    A term stands in a text where it is whole words there, or the beginning of one in Hangul, to which particles are
    added, or anywhere in scripts without spaces. At the beginning of a text its first letter may be a capital. Where
    terms overlap, the longest counts. Raises UsageError for a blank term, and for one that is no str.
    """

    targets: Mapping[str, str]

    def __post_init__(self) -> None:
        if not isinstance(self.targets, Mapping):
            raise UsageError(f"terms are of type {type(self.targets).__name__}; give a dict of source and target terms")
        for pair in self.targets.items():
            for one in pair:
                if not isinstance(one, str) or is_blank(one):
                    raise UsageError(
                        f"terms have {pair[0]!r:.40}: {pair[1]!r:.40}; give texts with words, on both sides"
                    )

    @cached_property
    def _lengths(self) -> list[int]:
        return sorted({len(one) for one in self.targets}, reverse=True)

    def in_text(self, text: str) -> list[str]:
        """The target terms of the source terms that stand in a text, each once, in their order."""
        found: dict[str, None] = {}
        place = 0
        while place < len(text):
            term = self._at(text, place)
            if term is not None:
                found[self.targets[term]] = None
            place += 1 if term is None else len(term)
        return list(found)

    def _at(self, text: str, place: int) -> str | None:
        """The longest term that begins there."""
        for length in self._lengths:
            written = text[place : place + length]
            lowered = written[:1].lower() + written[1:] if not text[:place].strip() else written
            for term in (written, lowered):
                if term in self.targets and is_word(text, place, place + length):
                    return term
        return None


def is_word(text: str, start: int, end: int) -> bool:
    """Whether what stands there is words of its own, as far as the scripts tell."""
    return _is_border(text, start, False) and _is_border(text, end, True)


def _is_border(text: str, place: int, at_end: bool) -> bool:
    around = text[max(0, place - 1) : place + 1]
    if not re.fullmatch(r"\w\w", around):
        return True
    before, after = around[0], around[1]
    return _is_unspaced(before) or _is_unspaced(after) or (at_end and _script(before) == "HANGUL")


def _script(letter: str) -> str:
    return unicodedata.name(letter, "UNKNOWN").partition(" ")[0]


def _is_unspaced(letter: str) -> bool:
    return _script(letter) in _UNSPACED


def phrases(texts: Iterable[str], tokenizer: Tokenizer) -> tuple[Phrase, ...]:
    """How a tokenizer writes each of these texts, as the first of a text and after a space, each once.

    Raises UsageError for a text that it cannot write.
    """
    return tuple(dict.fromkeys(_phrase(text.strip(), tokenizer) for text in texts))


def _phrase(text: str, tokenizer: Tokenizer) -> Phrase:
    opening = tokenizer.encode(text, COUNTED)
    anchor = "。" if _is_unspaced(text[0]) else "a"
    before = tokenizer.encode(anchor)
    after = tokenizer.encode(anchor + ("" if _is_unspaced(text[0]) else " ") + text, COUNTED)
    inside = after[len(before) :] if after[: len(before)] == before else opening
    if not opening or not inside or tokenizer.unknown in (*opening, *inside):
        raise UsageError(f"the model cannot write {text!r:.60}: it has no pieces for it; leave it out")
    return Phrase(tuple(opening), tuple(inside), len(tokenizer.opening))


def asked_for(
    texts: Sequence[str | None],
    tokenizer: Tokenizer,
    terms: Terms | None,
    contain: Sequence[str],
    keep: bool = False,
) -> list[tuple[Phrase, ...]] | None:
    """The phrases of each text's translation; None where nothing is asked for. keep: also what is no language in it."""
    if terms is None and not contain and not keep:
        return None
    token_bytes = tokenizer.token_bytes if keep else []

    def of(text: str) -> tuple[Phrase, ...]:
        told = [*contain, *(terms.in_text(text) if terms else ())]
        kept = kept_phrases(text, tokenizer, token_bytes, told) if keep else ()
        return (*phrases(told, tokenizer), *kept)

    return [() if text is None else of(text) for text in texts]
