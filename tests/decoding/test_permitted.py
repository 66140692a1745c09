"""Which tokens may be written at a step, by hand."""

import numpy as np

from clearhead.decoding.beam import Sentence
from clearhead.decoding.options import SearchOptions
from clearhead.decoding.permitted import Permitted
from clearhead.text.utf8 import FURTHEST, Utf8Automaton

OPTIONS = SearchOptions(begin=0, end=1, suppressed=(0,))


def sentences(options: SearchOptions, limits: list[int], prefixes: list[list[int]]) -> list[Sentence]:
    return [
        Sentence(number, options, 1, limit, prefix)
        for number, (limit, prefix) in enumerate(zip(limits, prefixes, strict=True))
    ]


def test_prefixes_of_any_length() -> None:
    limits, prefixes = [5, 5, 5], [[2, 3], [], [4]]
    permitted, active = Permitted(OPTIONS, limits, prefixes), sentences(OPTIONS, limits, prefixes)
    states = np.zeros((3, 1), np.int64)
    forced = [permitted.bans(position, active, states).forced for position in range(3)]
    assert forced[0] is not None
    assert forced[0].tolist() == [2, -1, 4]
    assert forced[1] is not None
    assert forced[1].tolist() == [3, -1, -1]
    assert forced[2] is None
    assert permitted.bans(1, active[1:], states[1:]).forced.tolist() == [-1, -1]
    assert permitted.bans(4, active, states).suppressed == (0,)
    assert permitted.bans(4, active, states).standing is None


def test_room_for_whole_characters_is_looked_at_near_the_limit_alone() -> None:
    """Of limits 9 and 7 the shorter has room for 3 and more after position 3: three bytes may be due at most."""
    options = SearchOptions(begin=0, end=1, utf8=Utf8Automaton.of([None, None, b"a"]))
    limits = [9, 7]
    permitted, active = Permitted(options, limits, [[], []]), sentences(options, limits, [[], []])
    states = np.array([[0], [2]])
    far, near = (permitted.bans(position, active, states).standing for position in (2, 5))
    assert far is not None
    assert far.furthest is None
    assert near is not None
    assert near.furthest is not None
    # One more after position 5 of 7, and three of 9.
    assert near.furthest.tolist() == [FURTHEST[3], FURTHEST[1]]
    assert near.states is states
