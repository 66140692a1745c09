"""The automaton of UTF-8 against Python's own decoder."""

import itertools
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearhead.text.utf8 import DUE, FURTHEST, REFUSED, START, STATES, Standing, Utf8Automaton, furthest

BYTES = Utf8Automaton.of([bytes([byte]) for byte in range(256)])
# Where bytes change their meaning, and what lies beside.
EDGES = bytes.fromhex("00 41 7F 80 8F 90 9F A0 BF C0 C1 C2 DF E0 E1 EC ED EE EF F0 F1 F3 F4 F5 FF")


def is_whole(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def may_become_whole(text: bytes) -> bool:
    """Whether some bytes after it make it whole: one of these, as after a first byte the second may be one of few."""
    return any(
        is_whole(text + tail) for tail in (b"", b"\x80", b"\x80\x80", b"\xa0\x80", b"\x80\x80\x80", b"\x90\x80\x80")
    )


@pytest.mark.parametrize("length", [0, 1, 2])
def test_every_short_string_of_bytes(length: int) -> None:
    """faults.md B4."""
    for text in map(bytes, itertools.product(range(256), repeat=length)):
        state = BYTES.after(text)
        assert (state == START) == is_whole(text)
        assert (state != REFUSED) == may_become_whole(text)


def test_every_string_of_bytes_at_the_edges() -> None:
    """faults.md B4: overlong forms, surrogates and what is beyond U+10FFFF begin with these."""
    for text in map(bytes, itertools.product(EDGES, repeat=3)):
        assert (BYTES.after(text) == START) == is_whole(text)
    for first in EDGES[10:]:
        for text in (bytes([first, *rest]) for rest in itertools.product(EDGES[2:12], repeat=3)):
            assert (BYTES.after(text) == START) == is_whole(text)


@given(st.one_of(st.binary(max_size=40), st.text(max_size=12).map(lambda text: text.encode("utf-8", "surrogatepass"))))
def test_any_string_of_bytes(text: bytes) -> None:
    assert (BYTES.after(text) == START) == is_whole(text)


@given(st.lists(st.binary(min_size=1, max_size=7), min_size=1, max_size=9), st.binary(max_size=3))
def test_a_token_leads_where_its_bytes_lead(tokens: list[bytes], before: bytes) -> None:
    """Whatever came before, and whatever other tokens there are."""
    automaton, state = Utf8Automaton.of(tokens), BYTES.after(before)
    if state != REFUSED:
        for token, text in enumerate(tokens):
            assert automaton.after([token], state) == BYTES.after(text, state)


def test_pieces_of_characters_as_tokens() -> None:
    """가 is EA B0 80: its halves, and a piece that ends one character and begins the next."""
    automaton = Utf8Automaton.of([b"\xea\xb0", b"\x80", b"\x80\xea", b"\xb0\x80", b"a"])
    assert automaton.after([0, 1]) == automaton.after([0, 2, 3]) == automaton.after([4, 0, 1, 4]) == START
    assert DUE[automaton.after([0])] == 1
    assert DUE[automaton.after([0, 2])] == 2
    for refused in ([1], [2], [3], [0, 0], [0, 4], [0, 3], [0, 1, 1]):
        assert automaton.after(refused) == REFUSED


def test_control_symbols_stand_between_characters() -> None:
    automaton = Utf8Automaton.of([None, b"a", b"\xc3", b"\xa9"])
    assert automaton.after([0, 1, 0, 2, 3, 0]) == START
    assert automaton.after([2, 0]) == REFUSED


def test_from_every_state_bytes_lead_to_the_start_in_as_many_steps_as_are_due() -> None:
    """So a search that leaves so much room always finds a way."""
    reached = {BYTES.after(text) for text in (b"", b"\xc2", b"\xe1", b"\xe0", b"\xed", b"\xf1", b"\xf0", b"\xf4")}
    assert reached == set(range(STATES))
    for state in range(STATES):
        steps, left = 0, {state}
        while START not in left:
            left = {BYTES.after([byte], one) for one in left for byte in range(256)} - {REFUSED}
            steps += 1
        assert steps == DUE[state]
    assert list(DUE) == sorted(DUE)
    assert [max(state for state in range(STATES) if DUE[state] <= room) for room in range(4)] == list(FURTHEST)


def test_one_vocabulary_gives_equal_automata() -> None:
    one, other = (Utf8Automaton.of([b"a", None]) for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
    assert one != Utf8Automaton.of([b"a", b"\xc3"])


def test_a_long_token() -> None:
    text = "가나다 €😀 é" * 200
    assert Utf8Automaton.of([b"x", text.encode()]).after([1]) == START
    assert Utf8Automaton.of([b"x", text.encode() + b"\xea\x80"]).after([0, 1]) == 1
    assert Utf8Automaton.of([b"x", text.encode() + b"\x80"]).after([1]) == REFUSED


def test_what_is_banned_and_where_hypotheses_stand_after() -> None:
    """Against `after`, hypothesis by hypothesis; sentence 0 has room for one token more, sentence 1 for two."""
    draw = random.Random(1)
    tokens = [*(bytes([byte]) for byte in EDGES), b"\xea\xb0", b"\x80\xea", "é€".encode(), None]
    automaton = Utf8Automaton.of(tokens)
    states = np.array([[draw.randrange(STATES) for _ in range(5)] for _ in range(2)])
    standing = Standing(automaton.table, states, furthest([5, 6], 3))
    banned = standing.banned()
    assert banned.shape == (2, 5, len(tokens))
    for sentence, room in ((0, 1), (1, 2)):
        for row, state in enumerate(states[sentence].tolist()):
            for token in range(len(tokens)):
                after = automaton.after([token], state)
                assert banned[sentence, row, token] == (after == REFUSED or DUE[after] > room)
    # Rows are counted over both sentences.
    parents, chosen = np.array([[4, 0], [6, 6]]), np.array([[3, 7], [24, 0]])
    before = states.ravel()[parents]
    after = [[automaton.after([int(chosen[s, j])], int(before[s, j])) for j in range(2)] for s in range(2)]
    assert standing.after(parents, chosen).tolist() == [
        [START if one == REFUSED else one for one in each] for each in after
    ]


def test_far_from_the_limit_there_is_room_for_all() -> None:
    assert furthest([9, 12], 5) is None
    found = furthest([9, 8, 7, 6], 5)
    assert found is not None
    assert found.tolist() == [FURTHEST[3], FURTHEST[2], FURTHEST[1], FURTHEST[0]]
