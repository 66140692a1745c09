"""Learning the pieces of a unigram language model: their texts and log probabilities, from counted words.

Source: Kudo (2018), "Subword Regularization", section 3.2. A word is cut in any way into pieces that are drawn
independently. Frequent substrings are the first pieces; expectation maximisation finds how probable each is, over all
ways of cutting, and the pieces without which the words lose least are left out, until few enough are left.

`tokenizers` has a trainer of this kind too. It adds numbers up in an order that differs from run to run, so that the
same text would not give the same vocabulary.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, final

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

LONGEST: Final = 16
"""The most characters of a piece, as in SentencePiece."""

# Longer words are cut for learning: a piece is half as long at most, so that few are missed.
_PART: Final = 2 * LONGEST
# So many characters of different words are looked at, of the most frequent ones: what is rarer decides little.
_MOST_CHARACTERS: Final = 1_500_000
# The first pieces are so many times those that are asked for, and at least so many.
_SEEDS, _LEAST_SEEDS = 8, 4_000
# What stays of the pieces in a round, and how often their probabilities are found anew before each.
_KEPT, _PASSES = 0.75, 2
# Of all characters of a text so many have pieces of their own, as in SentencePiece; the others are written in bytes.
_COVERAGE: Final = 0.9995
# A word's probability is the product of its pieces'. So much for each character keeps it near 1, and cancels.
_SCALE: Final = 64.0
_LEAST: Final = 1e-12


def learn_pieces(words: Mapping[str, int], count: int) -> dict[str, float]:
    """The log probabilities of `count` pieces at most, by their texts; the same words give the same pieces.

    words: how often each stands in a text. A character that is rare has no piece.
    """
    if not words:
        return {}
    parts = _parts(words)
    characters = _characters(parts)
    pieces = [*characters, *_seeds(parts, max(_LEAST_SEEDS, _SEEDS * count))]
    lengths = np.array([len(piece) for piece in pieces])
    lattice, frequencies = _Lattice(parts, pieces), np.array(list(parts.values()), float)
    ways = _Lattice(pieces, pieces)
    alive, kept = np.ones(len(pieces), bool), _required(characters, count)
    # Characters that get no piece stay until the end: every word must be cut somehow.
    extra = len(characters) - len(kept)
    probabilities = np.full(len(pieces), 1 / len(pieces))
    while True:
        for _ in range(_PASSES):
            counts = lattice.expected(probabilities, lengths, frequencies)
            probabilities = np.maximum(counts / counts.sum(), _LEAST) * alive
        room = count + extra
        if alive.sum() <= room:
            break
        losses = counts * (_logarithms(probabilities) - ways.best_otherwise(probabilities))
        losses[: len(characters)] = np.inf
        alive = _largest(losses, alive, max(room, int(_KEPT * alive.sum())))
        probabilities = probabilities * alive
        lattice.keep(alive)
        ways.keep(alive)
    chosen = {pieces[one]: float(probabilities[one]) for one in np.flatnonzero(alive)}
    chosen = {piece: one for piece, one in chosen.items() if len(piece) > 1 or piece in kept}
    total = sum(chosen.values())
    return {piece: round(float(np.log(one / total)), 6) for piece, one in chosen.items()}


def _parts(words: Mapping[str, int]) -> dict[str, int]:
    """The most frequent words, of equally many the first by their characters; long ones in parts."""
    found: Counter[str] = Counter()
    for word, number in words.items():
        for start in range(0, len(word), _PART):
            found[word[start : start + _PART]] += number
    ranked = sorted(found, key=lambda one: (-found[one], one))
    ends = itertools.accumulate(map(len, ranked))
    return {word: found[word] for word, end in zip(ranked, ends, strict=True) if end <= _MOST_CHARACTERS}


def _characters(parts: Mapping[str, int]) -> dict[str, int]:
    """How often each character stands in the words, the most frequent first."""
    found: Counter[str] = Counter()
    for part, number in parts.items():
        for character in part:
            found[character] += number
    return {one: found[one] for one in sorted(found, key=lambda one: (-found[one], one))}


def _required(characters: Mapping[str, int], count: int) -> set[str]:
    """The characters that have a piece whatever it brings: as many as cover the text, in half of the room."""
    total, covered = sum(characters.values()), 0
    found: set[str] = set()
    for character, number in characters.items():
        if covered >= _COVERAGE * total or len(found) >= max(1, count // 2):
            break
        found.add(character)
        covered += number
    return found


def _seeds(parts: Mapping[str, int], count: int) -> list[str]:
    """The substrings that save most characters, each at least twice in the text."""
    found: Counter[str] = Counter()
    for part, number in parts.items():
        for start in range(len(part) - 1):
            for stop in range(start + 2, min(start + LONGEST, len(part)) + 1):
                found[part[start:stop]] += number
    several = [one for one, number in found.items() if number > 1]
    several.sort(key=lambda one: (-found[one] * len(one), one))
    return several[:count]


def _largest(values: Float[np.ndarray, "pieces"], alive: Bool[np.ndarray, "pieces"], count: int) -> NDArray[np.bool_]:
    """Which `count` of those that are alive have the largest values; of equal ones the first."""
    order = np.argsort(np.where(alive, -values, np.inf), kind="stable")
    found = np.zeros(len(values), bool)
    found[order[:count]] = True
    return found


def _logarithms(probabilities: Float[np.ndarray, "pieces"]) -> NDArray[np.float64]:
    return np.log(np.maximum(probabilities, _LEAST))


@final
class _Lattice:
    """Every way to cut some words into pieces: an edge for each piece that stands somewhere in a word.

    Nodes are the places between characters. Those of one place in all words follow each other, words by falling length,
    so that one operation takes a place forward in all words: node(place, word) = base[place] + rank of the word.
    """

    def __init__(self, words: Sequence[str] | Mapping[str, int], pieces: Sequence[str]) -> None:
        listed = list(words)
        lengths = np.array([len(word) for word in listed])
        self._order = np.argsort(-lengths, kind="stable")
        longest = int(lengths.max())
        # How many words reach each place.
        self._reach = [int((lengths >= place).sum()) for place in range(longest + 1)]
        self._base = np.concatenate([[0], np.cumsum(self._reach)])
        ranks = np.empty(len(listed), np.int64)
        ranks[self._order] = np.arange(len(listed))
        self._ends = self._base[lengths] + ranks
        edges = np.fromiter(itertools.chain.from_iterable(_edges(listed, pieces)), np.int64).reshape(-1, 4)
        words_of, starts, stops, ids = edges[np.argsort(edges[:, 2], kind="stable")].T
        self._words, self._stops, self._ids = words_of, stops, ids
        self._from, self._to = self._base[starts] + ranks[words_of], self._base[stops] + ranks[words_of]

    def keep(self, alive: Bool[np.ndarray, "pieces"]) -> None:
        """Leave out the edges of pieces that are no more."""
        held = alive[self._ids]
        self._words, self._stops, self._ids = self._words[held], self._stops[held], self._ids[held]
        self._from, self._to = self._from[held], self._to[held]

    def expected(
        self,
        probabilities: Float[np.ndarray, "pieces"],
        lengths: Int[np.ndarray, "pieces"],
        frequencies: Float[np.ndarray, "words"],
    ) -> Float[np.ndarray, "pieces"]:
        """How often each piece is expected in the words: forward and backward over every way of cutting."""
        edges = (probabilities * _SCALE**lengths)[self._ids]
        forward, backward = np.zeros(self._base[-1]), np.zeros(self._base[-1])
        forward[: self._reach[0]] = 1.0
        backward[self._ends] = 1.0
        for place, some in self._places():
            arriving = forward[self._from[some]] * edges[some]
            first, count = self._base[place], self._reach[place]
            forward[first : first + count] += np.bincount(self._to[some] - first, arriving, count)
        for _, some in reversed([*self._places()]):
            np.add.at(backward, self._from[some], backward[self._to[some]] * edges[some])
        shares = forward[self._from] * edges * backward[self._to]
        weights = frequencies / forward[self._ends]
        return np.bincount(self._ids, shares * weights[self._words], len(probabilities))

    def best_otherwise(self, probabilities: Float[np.ndarray, "pieces"]) -> Float[np.ndarray, "words"]:
        """The log probability of the best way to cut each word into several pieces; -inf where there is none."""
        edges = _logarithms(probabilities)[self._ids]
        # A word that is one piece: from its first place to its last.
        edges[(self._from < self._reach[0]) & (self._to == self._ends[self._words])] = -np.inf
        best = np.full(self._base[-1], -np.inf)
        best[: self._reach[0]] = 0.0
        for _, some in self._places():
            np.maximum.at(best, self._to[some], best[self._from[some]] + edges[some])
        return best[self._ends]

    def _places(self) -> Iterator[tuple[int, slice]]:
        """Each place after the first, and the edges that end there."""
        bounds = np.searchsorted(self._stops, np.arange(len(self._reach) + 1))
        for place in range(1, len(self._reach)):
            yield place, slice(int(bounds[place]), int(bounds[place + 1]))


def _edges(words: Sequence[str], pieces: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """(word, first place, last place, piece) of each piece in each word."""
    ids = {piece: number for number, piece in enumerate(pieces)}
    for number, word in enumerate(words):
        for start in range(len(word)):
            for stop in range(start + 1, min(start + LONGEST, len(word)) + 1):
                if (piece := ids.get(word[start:stop])) is not None:
                    yield number, start, stop, piece
