"""Hashes that were seen before."""

import random

import pytest

from clearhead.data import seen
from clearhead.data.seen import Seen, hash_of


@pytest.mark.parametrize("most_recent", [1, 7, 1000])
def test_as_a_set_has_them(monkeypatch: pytest.MonkeyPatch, most_recent: int) -> None:
    monkeypatch.setattr(seen, "_MOST_RECENT", most_recent)
    keys = [0, 2**64 - 1] + [random.Random(number).randrange(2**64) for number in range(99)]
    drawn = random.Random(1).choices(keys, k=500)
    known: set[int] = set()
    found = Seen()
    for key in drawn:
        assert found.add(key) == (key in known)
        known.add(key)


def test_a_hash_is_the_first_bytes_of_blake2() -> None:
    """By `printf abc | b2sum --length 64`."""
    assert hash_of("abc") == 0xD8BB14D833D59559
