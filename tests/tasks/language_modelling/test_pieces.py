"""Pieces of a text as it is written: together they are the text, and none has half a character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearhead.tasks.language_modelling.pieces import Pieces
from clearhead.text.stop_strings import StopStrings

# A control symbol, the 256 bytes, and tokens that begin and end inside characters.
BYTES = [bytes([byte]) for byte in range(256)]
TEXTS = [
    "".join(map(chr, range(0xAC00, 0xD7A4))),
    "👩‍👩‍👧‍👦 and 🏳️‍🌈, 👍🏽",
    "a literal \ufffd, and another\ufffd",
    "é and é",
    "",
]


def pieces_of(vocabulary: list[bytes | None], tokens: list[int], stop: StopStrings | None = None) -> list[str]:
    pieces = Pieces(vocabulary, stop)
    return [*map(pieces.add, tokens), pieces.finish()]


def test_there_are_all_syllables() -> None:
    assert len(TEXTS[0]) == 11_172


@pytest.mark.parametrize("text", TEXTS, ids=["hangul", "emoji", "replacement", "accents", "nothing"])
def test_each_character_comes_with_its_last_byte(text: str) -> None:
    written = text.encode()
    pieces = pieces_of(BYTES, [*written])
    assert "".join(pieces) == text
    sizes = [len(one.encode()) for one in text]
    ends = {sum(sizes[: place + 1]) - 1 for place in range(len(text))} if len(text) < 100 else None
    if ends is not None:
        assert [place for place, piece in enumerate(pieces) if piece] == sorted(ends)
    assert not pieces[-1]


@given(st.lists(st.binary(min_size=1, max_size=5), max_size=12))
def test_bytes_that_are_no_text_read_as_in_the_whole(tokens: list[bytes]) -> None:
    """Broken in the middle or at the end, and with control symbols, of no bytes, between."""
    vocabulary = [None, *tokens]
    expected = b"".join(tokens).decode("utf-8", "replace")
    assert "".join(pieces_of(vocabulary, [*range(1, len(vocabulary))])) == expected
    spread = [one for token in range(1, len(vocabulary)) for one in (0, token)]
    assert "".join(pieces_of(vocabulary, [*spread, 0])) == expected


@given(
    st.text("ab가.", max_size=20),
    st.lists(st.text("ab가.", min_size=1, max_size=4), min_size=1, max_size=3),
    st.integers(1, 4),
)
def test_a_stop_string_is_never_shown_not_even_its_beginning(text: str, strings: list[str], size: int) -> None:
    written = text.encode()
    tokens: list[bytes | None] = [written[place : place + size] for place in range(0, len(written), size)]
    stop = StopStrings(tuple(strings), tuple(tokens))
    pieces = pieces_of(tokens, [*range(len(tokens))], stop)
    cut = text[: min((text.find(one) for one in strings if one in text), default=len(text))]
    assert "".join(pieces) == cut
    # What cannot become one is not kept waiting: all but the longest string's length, and the rest of a character.
    for place in range(len(tokens)):
        shown, known = "".join(pieces[: place + 1]), written[: (place + 1) * size].decode("utf-8", "ignore")
        assert len(shown) >= min(len(known), len(cut)) - max(map(len, strings))


def test_what_waits_at_the_end_is_shown() -> None:
    """ "User" might have become "User:"."""
    stop = StopStrings(("User:",), tuple(BYTES))
    assert pieces_of(BYTES, [*b"Hi User"], stop) == ["H", "i", " ", "", "", "", "", "User"]
    assert "".join(pieces_of(BYTES, [*b"Hi User: no"], stop)) == "Hi "
