"""From `[MASK]` in texts to ids and back, by a model that is a table."""

from typing import Any

import numpy as np
import pytest

from clearhead.decoding import Reading
from clearhead.errors import UsageError
from clearhead.tasks.filling import Filler
from clearhead.text import BytePairTokenizer, CharacterTokenizer, Tokenizer

WORDS = ("one", "two", "three")
PIECES = BytePairTokenizer.learn([f"{word} {word}" for word in WORDS] * 2, 400, symbols=("mask",))
CHARACTERS = CharacterTokenizer.learn(["one two three 한국"], symbols=("mask",))


class Table:
    """Holds one piece to be most probable, another to be next, and so on, wherever it is asked."""

    def __init__(self, tokenizer: Tokenizer, *ranked: int) -> None:
        self.row = np.full(tokenizer.size, -20.0, np.float32)
        self.row[list(ranked)] = np.log([2.0 ** -(1 + place) for place in range(len(ranked))])
        self.asked: list[float] = []

    def token_log_probabilities(self, vectors: Any, *, threads: int = 1) -> Any:
        self.asked += vectors[:, 0].tolist()
        return np.repeat(self.row[None], len(vectors), 0)


def filled(filler: Filler, table: Table, *texts: str) -> list[Any]:
    """What comes out where a place's vector is its number."""
    masked: Any = filler.masked(texts)
    vectors = [np.arange(len(one.ids), dtype=np.float32)[:, None] for one in masked]
    batch = [Reading(one.ids, filler.answer, one) for one in masked]
    reader: Any = table
    return filler.answer(reader, batch, vectors, 1)


def test_a_mask_after_a_space_stands_for_both() -> None:
    """As in training, where a piece of text has the space before it; so " two" fits and "two" does not."""
    spaced, bare = PIECES.encode(" two")[0], PIECES.encode("two")[0]
    [masked] = Filler(PIECES, 2, 20).masked(["one [MASK] three"])
    mask = PIECES.symbol("mask")
    assert masked.ids == [PIECES.begin, *PIECES.encode("one"), mask, *PIECES.encode(" three"), PIECES.end]
    [found] = filled(Filler(PIECES, 1, 20), Table(PIECES, bare, spaced), "one [MASK] three")
    assert found.text == "one two three"
    assert [(one.text, one.probability, one.token) for one in found.fillings[0]] == [("two", 0.25, spaced)]
    [found] = filled(Filler(PIECES, 1, 20), Table(PIECES, bare, spaced), "one[MASK] three")
    assert found.text == "onetwo three"
    [found] = filled(Filler(PIECES, 1, 20), Table(PIECES, spaced, bare), "one[MASK] three")
    assert (found.text, found.fillings[0][0].text) == ("one two three", " two")


def test_characters_have_no_space_before_them() -> None:
    [found] = filled(Filler(CHARACTERS, 2, 20), Table(CHARACTERS, CHARACTERS.encode("한")[0]), "한 [MASK]국[MASK]")
    assert found.text == "한 한국한"
    [first, _] = Filler(CHARACTERS, 2, 20).masked(["e [MASK]", "[MASK]"])
    assert first.ids[:3] == [CHARACTERS.begin, *CHARACTERS.encode("e ")]


def test_neither_half_a_character_nor_a_control_symbol_stands_anywhere() -> None:
    half = PIECES.encode("é")[0]
    assert PIECES.token_bytes[half] == b"\xc3"
    table = Table(PIECES, PIECES.end, PIECES.symbol("mask"), half, PIECES.encode("one")[0])
    [found] = filled(Filler(PIECES, 1, 20), table, "[MASK]")
    assert (found.text, found.fillings[0][0].probability) == ("one", 2.0**-4)
    assert CHARACTERS.unknown is not None
    table = Table(CHARACTERS, CHARACTERS.unknown, CHARACTERS.encode("e")[0])
    [found] = filled(Filler(CHARACTERS, 1, 20), table, "[MASK]")
    assert found.text == "e"


def test_a_model_that_predicts_what_follows_is_asked_at_the_place_before() -> None:
    """In the middle of documents there is no begin; the first place has none before it, so that begin is read there."""
    token = PIECES.encode("one")[0]
    for frames, expected in ((True, [0, 1]), (False, [0, 1])):
        table = Table(PIECES, token)
        filler = Filler(PIECES, 1, 20, frames, looks_back=True)
        [found] = filled(filler, table, "[MASK][MASK]")
        assert found.text == "oneone"
        assert table.asked == expected
    assert filler.masked(["one[MASK]"])[0].ids == [*PIECES.encode("one"), PIECES.symbol("mask")]


def test_more_masks_than_are_looked_at_at_once() -> None:
    token = PIECES.encode("one")[0]
    texts = ["[MASK]" * 300, "[MASK]" * 7]
    found = filled(Filler(PIECES, 2, 400), Table(PIECES, token), *texts)
    assert [len(one.fillings) for one in found] == [300, 7]
    assert found[1].text == "one" * 7


def test_texts_that_cannot_be_filled() -> None:
    filler = Filler(PIECES, 1, 8)
    with pytest.raises(UsageError, match=r"text 6 has no \[MASK\]; write \[MASK\]"):
        filler.masked(["[MASK]", "one"], first=4)
    with pytest.raises(UsageError, match="text 1 has 9 tokens but the model reads 8 at most"):
        filler.masked(["[MASK]" * 7])
    with pytest.raises(UsageError, match="text 1 has 1,000,000 masks but the model reads 8 tokens at most"):
        filler.masked(["[MASK]" * 1_000_000])
