"""Strings that end a text which is written token by token: an automaton over the bytes of tokens.

A string may end inside a token, and begin some tokens before. So each hypothesis is in a state: how much of which
string it ends with. The automaton reads on from there byte by byte, and never looks back.

Source: Aho and Corasick (1975), "Efficient string matching: an aid to bibliographic search".
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int
from numpy.typing import NDArray

from clearhead.errors import DecodingError

MOST_STRINGS, MOST_BYTES = 64, 4096
"""How many there may be, and how long they may be together: the automaton takes a kilobyte for each byte of them."""


@dataclass(frozen=True)
class StopStrings:
    """Some strings, and the bytes of each id of a vocabulary, None for a control symbol, in which no string can be.

    Two of the same strings and one vocabulary are equal, so that options which hold them can be compared.
    Raises DecodingError for no strings, too many of them, and for an empty one.
    """

    strings: tuple[str, ...]
    vocabulary: tuple[bytes | None, ...] = field(repr=False)

    def __post_init__(self) -> None:
        written = [text.encode("utf-8", "surrogatepass") for text in self.strings]
        if not all(written):
            raise DecodingError("a stop string is empty, so that every text would hold it; leave it out")
        if not 1 <= len(written) <= MOST_STRINGS or sum(map(len, written)) > MOST_BYTES:
            raise DecodingError(
                f"there are {len(written)} stop strings of {sum(map(len, written)):,} bytes together; "
                f"give 1 to {MOST_STRINGS} of them with {MOST_BYTES:,} bytes at most"
            )

    @cached_property
    def _moves(self) -> NDArray[np.int64]:
        """For each state and byte the state after it; the last state is that of a text which holds a string."""
        children: list[dict[int, int]] = [{}]
        ends: set[int] = set()
        for text in self.strings:
            state = 0
            for byte in text.encode("utf-8", "surrogatepass"):
                if byte not in children[state]:
                    children[state][byte] = len(children)
                    children.append({})
                state = children[state][byte]
            ends.add(state)
        moves = np.zeros((len(children) + 1, 256), np.int64)
        # Breadth first: what a state does where its own string breaks off, shorter ones have done before.
        waiting = deque([(0, 0)])
        while waiting:
            state, shorter = waiting.popleft()
            moves[state] = moves[shorter]
            for byte, child in children[state].items():
                waiting.append((child, int(moves[shorter, byte]) if state else 0))
                moves[state, byte] = child
            if state in ends or shorter in ends:
                ends.add(state)
        found = len(children)
        moves[np.isin(moves, list(ends))] = found
        moves[found] = found
        return moves

    @cached_property
    def _bytes(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
        """Where the bytes of each id begin and how many they are, and the bytes of all."""
        written = [token or b"" for token in self.vocabulary]
        lengths = np.array([len(token) for token in written], np.int64)
        return np.cumsum(lengths) - lengths, lengths, np.frombuffer(b"".join(written), np.uint8)

    def after(self, states: Int[np.ndarray, "*rows"], tokens: Int[np.ndarray, "*rows"]) -> Int[np.ndarray, "*rows"]:
        """The states of texts in these states after one token more each."""
        starts, lengths, written = self._bytes
        begin, left = starts[tokens], lengths[tokens]
        states = states.copy()
        for position in range(int(left.max(initial=0))):
            longer = left > position
            states[longer] = self._moves[states[longer], written[begin[longer] + position]]
        return states

    def found(self, states: Int[np.ndarray, "*rows"]) -> Bool[np.ndarray, "*rows"]:
        """Whether texts in these states hold one of the strings."""
        held: Bool[np.ndarray, "*rows"] = states == len(self._moves) - 1
        return held

    def hold(self, tokens: Iterable[int]) -> bool:
        """Whether the text of these tokens holds one of the strings."""
        return self.state(tokens) == len(self._moves) - 1

    def state(self, tokens: Iterable[int]) -> int:
        """The state of the text of these tokens."""
        state = np.zeros(1, np.int64)
        for token in tokens:
            state = self.after(state, np.array([token]))
        return int(state[0])

    def cut(self, text: str) -> str:
        """The text up to the first of the strings that it holds."""
        places = [place for string in self.strings if (place := text.find(string)) >= 0]
        return text[: min(places)] if places else text

    def held_back(self, text: str) -> int:
        """How many characters at the end of a text may be the beginning of a string, and so must wait for more."""
        return max(
            (
                length
                for string in self.strings
                for length in range(1, min(len(string), len(text) + 1))
                if text.endswith(string[:length])
            ),
            default=0,
        )


class Stopping(NamedTuple):
    """Where hypotheses stand, and so which token ends each: `states` is that of each hypothesis."""

    strings: StopStrings
    states: Int[np.ndarray, "sentences beams"]

    @classmethod
    def after_all(cls, strings: StopStrings, texts: Iterable[Iterable[int]]) -> "Stopping":
        """One hypothesis for each of these texts, where it ends."""
        return cls(strings, np.array([[strings.state(tokens)] for tokens in texts], np.int64))

    def after(
        self, parents: Int[np.ndarray, "sentences new"], tokens: Int[np.ndarray, "sentences new"]
    ) -> Int[np.ndarray, "sentences new"]:
        """The states of hypotheses that continue these rows, counted over all sentences, with these tokens."""
        return self.strings.after(self.states.reshape(-1)[parents], tokens)


def stop_strings(strings: Sequence[str], vocabulary: Sequence[bytes | None]) -> StopStrings | None:
    """The automaton, or None where there are no strings."""
    return StopStrings(tuple(dict.fromkeys(strings)), tuple(vocabulary)) if strings else None
