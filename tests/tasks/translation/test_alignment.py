"""From attention weights to links between words, by hand."""

import numpy as np

from clearhead.tasks.translation.alignment import links, words_of, written

# Ids as in a byte-pair vocabulary: a control symbol, then pieces.
PIECES = [None, b"The", b" old", b" dog", b"s", b" ", "é".encode()[:1], "é".encode()[1:], b"a b"]


def test_tokens_are_parts_of_words() -> None:
    """⟨fr⟩ The| old| dog|s: the last two are one word; the control symbol and the lone space are of none."""
    assert words_of([0, 1, 2, 3, 4, 5], PIECES) == [(), (0,), (1,), (2,), (2,), ()]
    assert words_of([5, 4, 5, 3], PIECES) == [(), (0,), (), (1,)]


def test_a_piece_may_span_words_and_a_character_pieces() -> None:
    """ "a b" is of two words, and goes on with "s"; the two bytes of é are one."""
    assert words_of([8, 4, 5, 6, 7], PIECES) == [(0, 1), (1,), (), (2,), (2,)]
    # A byte that is no character is a part of its word all the same.
    assert words_of([1, 6, 3], PIECES) == [(0,), (0,), (1,)]
    assert words_of([], PIECES) == []


def test_each_word_is_linked_to_where_its_tokens_looked_most() -> None:
    """Target words 0 (one token) and 1 (two); source words 0 (two tokens), 1, and an end that counts for none.

    Word 0: 0.3 + 0.2 = 0.5 against 0.4. Word 1: the mean of 0.1 and 0.3 for word 0, of 0.5 and 0.2 for word 1.
    """
    weights = np.array([[0.3, 0.2, 0.4, 0.1], [0.1, 0.0, 0.5, 0.4], [0.1, 0.2, 0.2, 0.5], [0, 0, 0, 1]], np.float32)
    target, source = [(0,), (1,), (1,), ()], [(0,), (0,), (1,), ()]
    assert links(weights, target, source) == ((0, 0), (1, 1))
    # The other way round the target's order is not the source's, by which links are sorted.
    assert links(weights[[1, 0, 3]], [(0,), (1,), ()], source) == ((0, 1), (1, 0))
    # A token of two words is shared out: 0.25 each, so that the other one's 0.4 is more.
    assert links(np.array([[0.5, 0.4]], np.float32), [(0,)], [(0, 1), (2,)]) == ((2, 0),)


def test_nothing_is_linked_to_nothing() -> None:
    assert links(np.zeros((1, 2), np.float32), [()], [(0,), ()]) == ()
    assert links(np.zeros((1, 2), np.float32), [(0,)], [(), ()]) == ()


def test_links_as_other_toolkits_write_them() -> None:
    assert written(((0, 0), (1, 1), (5, 4))) == "0-0 1-1 5-4"
    assert written(()) == ""
