"""faults.md A13: of a long line no more is cut into pieces than a model reads."""

import random

import pytest

from clearhead.text import BytePairTokenizer
from clearhead.text.beginning import beginning

LINES = [
    *["the cat sees the dog didn't in the street"] * 3,
    *["개가 거리에서 고양이를 본다", "我今天去北京看朋友我今天去北京看朋友"] * 3,
    *["aaaaaaaabbbbababababcabcabca"] * 4,
]
TOKENIZER = BytePairTokenizer.learn(LINES, 420)
MADE_OF = {
    "words": ["the ", "cat", "  ", " \n", "didn't", "我今天去", "고양이를 ", "\u3000", "\x1f "],
    "two letters": ["a", "b"],
    "three letters": ["a", "b", "c"],
    "rows": ["aaaa", "abab", "abcabc", "bbbb"],
    "bytes": ["é", "가", "👩", "\u200b"],
}


@pytest.mark.parametrize("parts", MADE_OF.values(), ids=MADE_OF.keys())
def test_the_first_ids_are_those_of_the_whole(parts):
    draw = random.Random(13)
    for _ in range(60):
        text = "".join(draw.choices(parts, k=draw.randrange(6_000)))
        pieces = draw.randrange(1, 30)
        assert TOKENIZER.encode(text, pieces) == TOKENIZER.encode(text)[:pieces]


def test_all_of_a_short_text_comes_back():
    assert TOKENIZER.encode("the cat", 1_000) == TOKENIZER.encode("the cat")
    assert TOKENIZER.encode("the cat", 0) == []


@pytest.mark.parametrize("text", ["a" * 10_000_000, "the cat " * 1_250_000, "我" * 1_000_000], ids=len)
def test_ten_megabytes_are_not_read_to_their_end(text, monkeypatch):
    """What the library is given: of 256 pieces of at most 81 bytes, and a margin."""
    assert len(beginning(text, 256, 81)) <= 256 * 81 + 1_000
    seen = []

    class Library:
        def encode_batch_fast(self, texts):
            seen.extend(map(len, texts))
            return real.encode_batch_fast(texts)

    real = TOKENIZER._library
    monkeypatch.setattr(TOKENIZER, "_library", Library())
    assert len(TOKENIZER.encode(text, 256)) == 256
    assert max(seen) < 50_000


def test_a_text_is_cut_before_a_space():
    text = "word " * 10_000
    cut = beginning(text, 10, 20)
    assert 200 <= len(cut) <= 206
    assert cut.endswith("word")
    assert text[len(cut)] == " "
