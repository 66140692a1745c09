"""faults.md A12: a row of characters without an end is no word."""

import random

from clearhead.text import BytePairTokenizer
from clearhead.text.learnable import learnable

LINES = ["the cat sees the dog", "le chat voit le chien"] * 3


def test_ordinary_text_is_all_there():
    for text in ["", "a cat", "word " * 1_000, "1,2,3," * 1_000, "我今天去北京，看朋友。" * 500, "x" * 1_000]:
        assert "".join(learnable(text)) == text


def test_a_row_of_letters_is_left_out():
    """200,000 characters without a space took 97 s. The vocabulary is what it is without them."""
    row = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=200_000))
    assert list(learnable(f"the {row} cat")) == ["the ", " cat"]
    assert list(learnable("=" * 1_001)) == ["", ""]
    assert (
        BytePairTokenizer.learn([*LINES, row, "-" * 5_000], 330).to_json()
        == BytePairTokenizer.learn(LINES, 330).to_json()
    )


def test_a_script_without_spaces_is_cut_into_parts():
    for sentence in ("我今天去北京看朋友", "วันนี้ฉันไปตลาด", "私は今日東京へ行きます", "오늘은친구를만나러갑니다"):
        text = sentence * 1_000
        parts = list(learnable(text))
        assert "".join(parts) == text
        tokenizer = BytePairTokenizer.learn([text], 320)
        assert any(len(piece) > 1 and piece in text for piece in tokenizer.pieces(range(259, tokenizer.size)))
    assert max(map(len, learnable("我今天去北京看朋友" * 1_000))) <= 100
