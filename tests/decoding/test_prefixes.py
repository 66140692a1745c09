"""Prefixes that cannot be met are refused in one line."""

import pytest

from clearhead.decoding.options import SearchOptions
from clearhead.decoding.prefixes import Prefixes, checked_prefixes
from clearhead.errors import DecodingError
from clearhead.text.utf8 import Utf8Automaton

BEGIN, END, A, B = 0, 1, 2, 3
OPTIONS = SearchOptions(begin=BEGIN, end=END, suppressed=(BEGIN,))


def test_none_are_empty_ones() -> None:
    assert list(checked_prefixes([3, 4], OPTIONS, None)) == [(), ()]


@pytest.mark.parametrize(
    ("max_lengths", "prefixes", "message"),
    [
        ([0], None, "sentence 1: a greatest length of 0 tokens leaves no room"),
        ([5, 2], [(), (A, A, A)], "sentence 2: its prefix has 3 tokens but at most 2 are allowed"),
        ([5], [(A, END)], "sentence 1: its prefix contains the end token 1"),
        ([5, 5], [()], "1 prefixes for 2 sentences"),
    ],
)
def test_what_cannot_be_met_is_refused(max_lengths: list[int], prefixes: Prefixes | None, message: str) -> None:
    with pytest.raises(DecodingError, match=message):
        checked_prefixes(max_lengths, OPTIONS, prefixes)


@pytest.mark.parametrize(
    ("prefix", "limit", "message"),
    [
        (b"\x80", 9, "sentence 1: its prefix is not UTF-8; give the ids of a text"),
        (b"a\xed\xa0\x80", 9, "its prefix is not UTF-8"),
        (b"ab\xe0", 4, "its prefix ends inside a character, and 4 tokens have no room for the rest"),
    ],
)
def test_a_prefix_that_cannot_become_a_text(prefix: bytes, limit: int, message: str) -> None:
    options = SearchOptions(begin=300, end=256, utf8=Utf8Automaton.of([*(bytes([b]) for b in range(256)), None]))
    with pytest.raises(DecodingError, match=message):
        checked_prefixes([limit], options, [list(prefix)])
