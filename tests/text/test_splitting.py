"""Where text is cut into words. What is expected was read off the texts, letter by letter."""

import json
import unicodedata

import pytest

from clearhead.text import BytePairTokenizer
from clearhead.text.alphabet import BYTES
from clearhead.text.splitting import MOST_UNSPACED, SPLITS, Split, as_document, in_parts, pre_tokenizer, split_of


def words_of(text: str, split: Split) -> list[str]:
    found = [word for word, _ in pre_tokenizer(split).pre_tokenize_str(text)]
    return [bytes(BYTES[one] for one in word).decode() for word in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("iPhone을 샀다. K팝 3개", ["iPhone", "을", " 샀다", ".", " K", "팝", " 3", "개"]),
        ("私は食べるコーヒーをX線", ["私", "は", "食", "べる", "コーヒー", "を", "X", "線"]),
        ("我们ABC今天", ["我们", "ABC", "今天"]),
        ("ที่นี่ ABCไทย กัน", ["ที่นี่", " ABC", "ไทย", " กัน"]),
        ("नमस्ते привет, a_b", ["नमस्ते", " привет", ",", " a", "_", "b"]),
        ("❤️ 👨‍👩‍👧  don't", ["❤️", " 👨‍👩‍👧", " ", " don", "'t"]),
    ],
)
def test_by_scripts(text: str, expected: list[str]) -> None:
    assert words_of(text, "scripts") == expected


def test_by_words_is_as_gpt_2() -> None:
    assert words_of("iPhone을 3개를, don't", "words") == ["iPhone을", " 3", "개를", ",", " don", "'t"]


TEXTS = [
    "저는 iPhone15을 샀어요. 맛있어요!", "私はコーヒーを3杯飲んだ。", "我们今天去北京，看朋友。", "ที่นี่มีอาหารไทย",
    "❤️ 👨‍👩‍👧 1️⃣ 🇰🇷", "", " ", "한국어와 English と日本語 🙂", "a\tb\nc  d ", "\0\ufffd",
    unicodedata.normalize("NFD", "각 é"),
]  # fmt: skip


@pytest.mark.parametrize("split", SPLITS)
def test_every_text_comes_back(split: Split) -> None:
    tokenizer = BytePairTokenizer.learn(TEXTS * 3, 400, split=split)
    for text in TEXTS:
        assert tokenizer.decode(tokenizer.encode(text)) == unicodedata.normalize("NFC", text)
    again = BytePairTokenizer.from_json(tokenizer.to_json())
    assert (again.splits, again.to_json()) == (split, tokenizer.to_json())
    assert again.encode_many(TEXTS) == tokenizer.encode_many(TEXTS)
    assert again.with_tokens(["iPhone15"]).splits == split


def test_a_piece_keeps_to_its_script_and_is_no_sentence() -> None:
    lines = ["今天我们一起去北京看朋友吧 K팝을"] * 50
    whole, parts = (BytePairTokenizer.learn(lines, 600, split=split) for split in SPLITS)
    assert "▁K팝을" in whole.pieces(range(whole.size))
    assert "▁K팝을" not in parts.pieces(range(parts.size))
    assert len(whole.encode("今天我们一起去北京看朋友吧")) == 1
    found = [piece for piece in parts.pieces(range(parts.size)) if piece[0] in "今北" and "<" not in piece]
    assert "今天我们一起去北" in found
    assert max(map(len, found)) == MOST_UNSPACED == 8


def test_parts_are_the_text() -> None:
    for text in TEXTS:
        assert "".join(in_parts(text * 9, "scripts")) == text * 9
    assert list(in_parts("看" * 17, "words")) == ["看" * 17]
    assert list(in_parts("a看看看看看看看看看b", "scripts")) == ["a", "看" * 8, "看", "b"]
    # Korean has spaces.
    assert list(in_parts("가" * 20, "scripts")) == ["가" * 20]


def test_a_file_tells_which() -> None:
    assert [split_of(as_document(split)) for split in SPLITS] == ["words", "scripts"]
    other = json.loads(json.dumps(as_document("scripts")).replace("Isolated", "Removed"))
    assert split_of(other) is split_of(None) is None
