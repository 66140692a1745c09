"""What may stand in the masked places of a text."""

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from clearhead.decoding import Reading
from clearhead.errors import UsageError
from clearhead.runtimes.reader import Reader, Vectors
from clearhead.tasks.whole_texts import MASK, WRITTEN_MASK, framed
from clearhead.text import Tokenizer
from clearhead.text.utf8 import START, Utf8Automaton

# So many places at a time are looked at: a large vocabulary has a row of numbers for each.
_PLACES = 256


@dataclass(frozen=True)
class Filling:
    """A piece that may stand in a masked place.

    text: the piece, without the space before it where the text has one there. probability: the model's own, from 0 to
    1. token: the piece's id.
    """

    text: str
    probability: float
    token: int


@dataclass(frozen=True)
class Filled:
    """A text with the most probable piece in each masked place, and for each of these, in order, the most probable."""

    text: str
    fillings: tuple[tuple[Filling, ...], ...]


class Masked(NamedTuple):
    """A text to be filled: its ids, the places of its masks, and before which of these it has a space."""

    ids: list[int]
    places: list[int]
    after_space: list[bool]


@dataclass(frozen=True, eq=False)
class Filler:
    """From texts with `[MASK]` to what may stand there. `answer` is an `Answer`, told of each text's `Masked`.

    n: how many pieces for each mask. longest: how many ids the model reads at most. frames: whether begin and end are
    among them. looks_back: whether what stands at a place is predicted by the place before it, which is to be there.
    """

    tokenizer: Tokenizer
    n: int
    longest: int
    frames: bool = True
    looks_back: bool = False

    def masked(self, texts: Sequence[str], first: int = 0) -> list[Masked]:
        """Raises UsageError for a text without a mask, and for one that is too long, by its number among all."""
        return [self._masked(text, number) for number, text in enumerate(texts, start=first + 1)]

    def _masked(self, text: str, number: int) -> Masked:
        if (count := text.count(WRITTEN_MASK)) > self.longest:
            raise UsageError(
                f"text {number} has {count:,} masks but the model reads {self.longest:,} tokens at most; shorten it"
            )
        *before, last = text.split(WRITTEN_MASK)
        if not before:
            raise UsageError(
                f"text {number} has no {WRITTEN_MASK}; write {WRITTEN_MASK} where a piece is to be filled in"
            )
        # A piece of text has the space before it: the mask stands for both.
        after_space = [self._takes_spaces and part.endswith(" ") for part in before]
        parts = [part[:-1] if taken else part for part, taken in zip(before, after_space, strict=True)]
        encoded = self.tokenizer.encode_many([*parts, last], self.longest + 1)
        mask = self.tokenizer.symbol(MASK)
        ids = framed([one for part in encoded[:-1] for one in (*part, mask)] + encoded[-1], self.tokenizer, self.frames)
        if self.looks_back and ids[0] == mask:
            ids = [self.tokenizer.begin, *ids]
        if len(ids) > self.longest:
            raise UsageError(
                f"text {number} has {len(ids):,} tokens but the model reads {self.longest:,} at most; shorten it"
            )
        return Masked(ids, [place for place, one in enumerate(ids) if one == mask], after_space)

    def answer(
        self, reader: Reader, batch: Sequence[Reading], vectors: Sequence[Vectors], threads: int
    ) -> list[Filled]:
        texts: list[Masked] = [one.about for one in batch]
        asked = [[place - self.looks_back for place in text.places] for text in texts]
        chosen = np.concatenate([of_text[places] for of_text, places in zip(vectors, asked, strict=True)])
        spaces = [after_space for text in texts for after_space in text.after_space]
        found: list[tuple[Filling, ...]] = []
        for start in range(0, len(chosen), _PLACES):
            some = slice(start, start + _PLACES)
            rows = reader.token_log_probabilities(chosen[some], threads=threads)
            found += map(self._fillings, rows, spaces[some])
        rest = iter(found)
        return [self._filled(text, tuple(itertools.islice(rest, len(text.places)))) for text in texts]

    def _filled(self, text: Masked, fillings: tuple[tuple[Filling, ...], ...]) -> Filled:
        ids = list(text.ids)
        for place, best in zip(text.places, fillings, strict=True):
            ids[place] = best[0].token
        return Filled(self.tokenizer.decode(ids), fillings)

    def _fillings(self, log_probabilities: Float[np.ndarray, "vocabulary"], after_space: bool) -> tuple[Filling, ...]:
        allowed = self._spaced if after_space else self._whole
        values = log_probabilities[allowed]
        best = np.argpartition(-values, self.n - 1)[: self.n] if self.n < len(values) else np.arange(len(values))
        best = best[np.lexsort((best, -values[best]))]
        tokens = allowed[best].tolist()
        return tuple(
            Filling(self._text(token, after_space), float(np.exp(value)), token)
            for value, token in zip(values[best], tokens, strict=True)
        )

    def _text(self, token: int, after_space: bool) -> str:
        # Where pieces begin with a space, a decoder may leave out that of a text's first.
        content = self._bytes[token]
        return content[1:].decode() if after_space and content else self.tokenizer.decode([token])

    @functools.cached_property
    def _whole(self) -> Int[np.ndarray, "pieces"]:
        """The pieces that are whole characters: half of one is no text, and a control symbol is none."""
        starts = Utf8Automaton.of(self._bytes).table[START] == START
        is_text = [bool(piece) and number != self.tokenizer.unknown for number, piece in enumerate(self._bytes)]
        return np.flatnonzero(starts & np.array(is_text))

    @functools.cached_property
    def _spaced(self) -> Int[np.ndarray, "pieces"]:
        """Of these those that are a space and more."""
        spaced = [(self._bytes[piece] or b"")[:1] == b" " != self._bytes[piece] for piece in self._whole]
        return self._whole[np.array(spaced, bool)]

    @functools.cached_property
    def _takes_spaces(self) -> bool:
        return bool(len(self._spaced))

    @functools.cached_property
    def _bytes(self) -> list[bytes | None]:
        return self.tokenizer.token_bytes
