"""The same numbers for ever."""

import hashlib
import random

from clearhead.byhand.drawing import Draw, Shape


def test_only_what_python_promises_is_drawn_from() -> None:
    """`random()` is promised to stay; a whole number is its share of the range."""
    numbers = random.Random("seed")
    expected = [2 + int(numbers.random() * 5) for _ in range(20)]
    draw = Draw("seed")
    assert [draw.whole(2, 6) for _ in range(20)] == expected
    assert set(expected) == {2, 3, 4, 5, 6}


def test_a_seed_of_text_is_hashed_as_documented() -> None:
    """Seeding by text is by SHA-512 (version 2), not by Python's own hash, which changes with every process."""
    text = b"seed"
    whole = int.from_bytes(text + hashlib.sha512(text).digest(), "big")
    assert Draw("seed").whole(0, 10**9) == int(random.Random(whole).random() * (10**9 + 1))


def test_some_are_different() -> None:
    draw = Draw("some")
    for _ in range(50):
        assert len(set(draw.some(5, 3))) == 3


def test_matrices_have_their_shapes() -> None:
    rows = Draw("shapes").matrices({"A": Shape("n", 2, 1, 1)}, {"n": 3})
    assert rows == {"A": [[1, 1], [1, 1], [1, 1]]}
