"""The automaton of stop strings against Python's own `in`."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearhead.errors import DecodingError
from clearhead.text.stop_strings import MOST_BYTES, MOST_STRINGS, StopStrings, stop_strings

BYTES = [None, *(bytes([byte]) for byte in range(256))]
# Few letters, so that strings begin anew in the middle of others, and a character of three bytes.
TEXTS = st.text("ab가", max_size=12)
STRINGS = st.lists(st.text("ab가", min_size=1, max_size=4), min_size=1, max_size=4)


def first_end(text: bytes, strings: Sequence[str]) -> int | None:
    """After how many bytes the text holds one of the strings."""
    wanted = [string.encode() for string in strings]
    lengths = (length for length in range(len(text) + 1) if any(one in text[:length] for one in wanted))
    return next(lengths, None)


@given(TEXTS, STRINGS)
def test_a_string_is_found_at_its_last_byte(text: str, strings: list[str]) -> None:
    automaton, written = StopStrings(tuple(strings), tuple(BYTES)), text.encode()
    states, found = np.zeros(1, np.int64), []
    for byte in written:
        states = automaton.after(states, np.array([byte + 1]))
        found.append(bool(automaton.found(states)[0]))
    end = first_end(written, strings)
    assert found == [end is not None and place + 1 >= end for place in range(len(written))]


@given(
    st.lists(st.sampled_from([b"a", b"ba", b"ab", b"b", b"aab", "가".encode(), "가".encode()[:2]]), max_size=9), STRINGS
)
def test_it_may_begin_and_end_inside_tokens(tokens: list[bytes], strings: list[str]) -> None:
    """Whatever the tokens' borders, and with a control symbol, of no bytes, between."""
    vocabulary = [None, *dict.fromkeys(tokens)]
    automaton = StopStrings(tuple(strings), tuple(vocabulary))
    ids = [vocabulary.index(token) for token in tokens]
    expected = first_end(b"".join(tokens), strings) is not None
    assert automaton.hold(ids) == expected
    assert automaton.hold([0, *itertools.chain.from_iterable((one, 0) for one in ids)]) == expected


def test_many_texts_at_once_are_read_each_by_itself() -> None:
    automaton = StopStrings(("xy",), (b"x", b"y", b"zxyz", None))
    states = np.zeros((2, 2), np.int64)
    states = automaton.after(states, np.array([[0, 1], [2, 3]]))
    assert automaton.found(states).tolist() == [[False, False], [True, False]]
    states = automaton.after(states, np.array([[1, 1], [3, 0]]))
    assert automaton.found(states).tolist() == [[True, False], [True, False]]


@pytest.mark.parametrize(
    ("text", "strings", "expected"),
    [
        ("one.two", ["."], "one"),
        ("one", ["."], "one"),
        ("one\ntwo.", [".", "\n"], "one"),
        (".", ["."], ""),
        # Both end in the same token; the one that begins first counts.
        ("abc", ["bc", "c", "abc"], ""),
    ],
)
def test_a_text_is_cut_from_the_first_string_on(text: str, strings: list[str], expected: str) -> None:
    assert StopStrings(tuple(strings), (None,)).cut(text) == expected


@pytest.mark.parametrize(
    ("text", "strings", "expected"),
    [
        ("one", ["\n\n"], 0),
        ("one\n", ["\n\n"], 1),
        ("User", ["User:", "er: "], 4),
        ("seer", ["User:", "er: "], 2),
        ("", ["."], 0),
        ("aaa", ["aab"], 2),
    ],
)
def test_what_may_become_a_string_is_held_back(text: str, strings: list[str], expected: int) -> None:
    assert StopStrings(tuple(strings), (None,)).held_back(text) == expected


@pytest.mark.parametrize(
    ("strings", "message"),
    [
        ([".", ""], "a stop string is empty"),
        ([str(number) for number in range(MOST_STRINGS + 1)], "there are 65 stop strings"),
        (["가" * (MOST_BYTES // 3 + 1)], "of 4,098 bytes together"),
    ],
)
def test_what_cannot_be_a_stop_string(strings: Any, message: str) -> None:
    with pytest.raises(DecodingError, match=message) as error:
        stop_strings(strings, [b"a"])
    assert "\n" not in str(error.value)


def test_none_are_none_and_twice_is_once() -> None:
    assert stop_strings([], [b"a"]) is None
    assert stop_strings(["a", "b", "a"], [b"a"]) == StopStrings(("a", "b"), (b"a",))
