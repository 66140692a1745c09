"""Which tokens keep a text whole UTF-8 while it is written: an automaton over the bytes of tokens.

A vocabulary with all 256 bytes can spell anything, half a character too. So each hypothesis is in a state: at the start
of a character, or inside one, with so many bytes due. From each state each token leads to another, or is refused.

Source: RFC 3629, section 4. Overlong forms, surrogates and what is beyond U+10FFFF are told by a character's second
byte, so four first bytes have states of their own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int, UInt8
from numpy.typing import NDArray

START, _ONE_DUE, _TWO_DUE, _AFTER_E0, _AFTER_ED, _THREE_DUE, _AFTER_F0, _AFTER_F4 = range(8)
STATES = 8
REFUSED = 255
DUE = (0, 1, 2, 2, 2, 3, 3, 3)
"""How many bytes are due in each state; they rise, so that one comparison tells what there is no room for."""

FURTHEST = (START, _ONE_DUE, _AFTER_ED, _AFTER_F4)
"""The greatest state that a token may lead to where 0, 1, 2, or 3 and more tokens may follow it."""

# (state, first byte, last byte) → state
_BYTES = {
    (START, 0x00, 0x7F): START,
    (START, 0xC2, 0xDF): _ONE_DUE,
    (START, 0xE0, 0xE0): _AFTER_E0,
    (START, 0xE1, 0xEF): _TWO_DUE,
    (START, 0xED, 0xED): _AFTER_ED,
    (START, 0xF0, 0xF0): _AFTER_F0,
    (START, 0xF1, 0xF3): _THREE_DUE,
    (START, 0xF4, 0xF4): _AFTER_F4,
    (_ONE_DUE, 0x80, 0xBF): START,
    (_TWO_DUE, 0x80, 0xBF): _ONE_DUE,
    (_AFTER_E0, 0xA0, 0xBF): _ONE_DUE,
    (_AFTER_ED, 0x80, 0x9F): _ONE_DUE,
    (_THREE_DUE, 0x80, 0xBF): _TWO_DUE,
    (_AFTER_F0, 0x90, 0xBF): _TWO_DUE,
    (_AFTER_F4, 0x80, 0x8F): _TWO_DUE,
}


@dataclass(frozen=True)
class Utf8Automaton:
    """For each state and token the state that the token leads to, or REFUSED; one byte each, state after state.

    Two of one vocabulary are equal, so that options which hold them can be compared.
    """

    vocabulary: int
    moves: bytes = field(repr=False)

    @classmethod
    def of(cls, tokens: Sequence[bytes | None]) -> "Utf8Automaton":
        """That of a vocabulary: the bytes of each id, None for a control symbol, which stands between characters."""
        written = [token or b"" for token in tokens]
        lengths = np.array([len(token) for token in written], np.int64)
        starts, flat = np.cumsum(lengths) - lengths, np.frombuffer(b"".join(written), np.uint8)
        by_byte = _by_byte()
        # One state more than there are: refused for good.
        states = np.repeat(np.arange(STATES, dtype=np.uint8)[:, None], len(tokens), axis=1)
        longer, position = np.flatnonzero(lengths), 0
        while len(longer):
            states[:, longer] = by_byte[states[:, longer], flat[starts[longer] + position]]
            position += 1
            longer = longer[lengths[longer] > position]
        controls = np.array([token is None for token in tokens], bool)
        states[START + 1 :, controls] = STATES
        states[states == STATES] = REFUSED
        return cls(len(tokens), states.tobytes())

    @cached_property
    def table(self) -> UInt8[np.ndarray, "states vocabulary"]:
        # Of a copy that might be written to, though nobody does: where that stands is known faster.
        return np.frombuffer(bytearray(self.moves), np.uint8).reshape(STATES, self.vocabulary)

    @cached_property
    def continuing(self) -> NDArray[np.int64]:
        """The tokens that are one byte which continues a character: with them any can be ended."""
        table = self.table
        # Whole characters after it would not follow where more bytes are due.
        found: NDArray[np.int64] = np.flatnonzero((table[_ONE_DUE] == START) & (table[_THREE_DUE] == _TWO_DUE))
        return found

    def due(self, tokens: Iterable[int]) -> int:
        """How many bytes are due after these tokens; 0 where they are no UTF-8 at all."""
        state = self.after(tokens)
        return 0 if state == REFUSED else DUE[state]

    def after(self, tokens: Iterable[int], state: int = START) -> int:
        """The state that these tokens lead to, one after the other; REFUSED where one of them is."""
        for token in tokens:
            if state != REFUSED:
                state = self.moves[state * self.vocabulary + token]
        return state


class Standing(NamedTuple):
    """Where hypotheses stand, and so which token each may have next.

    table: the automaton's. states: that of each hypothesis. furthest: for each sentence the greatest state that a token
    may lead to, so that no text ends inside a character; None where all have room enough.
    """

    table: UInt8[np.ndarray, "states vocabulary"]
    states: Int[np.ndarray, "sentences beams"]
    furthest: UInt8[np.ndarray, "sentences"] | None

    def banned(self) -> Bool[np.ndarray, "sentences beams vocabulary"]:
        """True for the tokens that a hypothesis may not have."""
        most = FURTHEST[-1] if self.furthest is None else self.furthest[:, None, None]
        return self.table[self.states] > most

    def after(
        self, parents: Int[np.ndarray, "sentences new"], tokens: Int[np.ndarray, "sentences new"]
    ) -> Int[np.ndarray, "sentences new"]:
        """The states of hypotheses that continue these rows, counted over all sentences, with these tokens."""
        states = self.table[self.states.reshape(-1)[parents], tokens].astype(np.int64)
        # What could not be chosen was, where nothing was left: such a hypothesis has no probability, and any state.
        states[states == REFUSED] = START
        return states


def furthest(limits: Sequence[int], position: int) -> UInt8[np.ndarray, "sentences"] | None:
    """`Standing.furthest` for sentences of these greatest lengths that are to get their token at `position`."""
    most = len(FURTHEST) - 1
    if min(limits) - position > most:
        return None
    return np.array([FURTHEST[min(limit - position - 1, most)] for limit in limits], np.uint8)


def _by_byte() -> NDArray[np.uint8]:
    """For each state, and one more for what is refused, the state after each byte."""
    table = np.full((STATES + 1, 256), STATES, np.uint8)
    for (state, low, high), after in _BYTES.items():
        table[state, low : high + 1] = after
    return table
