"""A unigram tokenizer: the most probable pieces, and bytes for all else."""

import itertools
import json
import unicodedata
from pathlib import Path

import pytest
import tokenizers

from clearhead.errors import TokenizerError
from clearhead.text import Tokenizer, load_tokenizer, tokenizer_from_json
from clearhead.text.folding import folded
from clearhead.text.published import published
from clearhead.text.splitting import SPLITS, Split
from clearhead.text.unigram import learn_unigram

LINES = [
    "저는 iPhone을 샀어요. 그는 학교에 갔어요.", "私はコーヒーを3杯飲んだ。",
    "the tall man sees the small man, and the dog",
    "我们今天去北京，看朋友。", "❤️ 👨‍👩‍👧 1️⃣", "l’eau de l’homme",
]  # fmt: skip
OTHERS = [
    "",
    " ",
    "\0",
    "각각",
    unicodedata.normalize("NFD", "각 é"),
    "⟨end⟩ ⟨2fr⟩ </s>",
    "ไทย 🇰🇷",
    "a\tb\nc  d ",
    "\ud800x",
]
OWN = learn_unigram(LINES * 5, 420, ["fr", "ko"], symbols=["mask"])


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("fold", [True, False])
def test_every_text_comes_back(split: Split, fold: bool) -> None:
    tokenizer = learn_unigram(LINES * 5, 400, fold=fold, split=split)
    for text in (*LINES, *OTHERS):
        plain = text.replace("\ud800", "\ufffd")
        expected = folded(plain) if fold else unicodedata.normalize("NFC", plain)
        found = tokenizer.encode(text)
        assert tokenizer.decode(found) == tokenizer.normalized(text) == expected
        assert b"".join(tokenizer.token_bytes[one] or b"" for one in found).decode() == expected


def test_the_vocabulary_in_its_order() -> None:
    assert OWN.pieces(range(6)) == ["⟨padding⟩", "⟨begin⟩", "⟨end⟩", "⟨2fr⟩", "⟨2ko⟩", "⟨mask⟩"]
    assert (OWN.padding, OWN.begin, OWN.end, OWN.unknown, OWN.tag("ko"), OWN.symbol("mask")) == (0, 1, 2, None, 4, 5)
    assert OWN.size == 420
    assert OWN.byte_ids == range(6, 262)
    assert [OWN.token_bytes[one] for one in OWN.byte_ids[:3]] == [b"\0", b"\1", b"\2"]
    assert not {*range(6)} & {*OWN.encode("⟨end⟩ ⟨2fr⟩ ⟨mask⟩")}
    assert OWN.frame == ((), (2,))


def test_it_is_the_most_probable_way_to_cut() -> None:
    scores = dict(json.loads(OWN.document)["model"]["vocab"])
    ids = OWN.encode("small")
    names = {number: name for number, (name, _) in enumerate(json.loads(OWN.document)["model"]["vocab"])}
    found = sum(scores[names[one]] for one in ids)
    ways = []
    for count in range(5):
        for places in itertools.combinations(range(1, 5), count):
            parts = ["small"[start:stop] for start, stop in itertools.pairwise([0, *places, 5])]
            if all(part in scores for part in parts):
                ways.append(sum(scores[part] for part in parts))
    assert found == pytest.approx(max(ways))
    assert len(ways) > 1


def test_whole_words_that_are_frequent_are_pieces() -> None:
    assert len(OWN.encode(" man")) == 1
    assert len(OWN.encode("갔어요")) < len("갔어요".encode())
    # Of a character that was never seen, each byte is one.
    assert [OWN.token_bytes[one] for one in OWN.encode("뷁")] == [bytes([one]) for one in "뷁".encode()]


def test_the_same_again_and_from_its_file(tmp_path: Path) -> None:
    again = learn_unigram(LINES * 5, 420, ["ko", "fr"], symbols=["mask"])
    assert again.to_json() == OWN.to_json() == tokenizer_from_json(OWN.to_json()).to_json()
    OWN.save(tmp_path / "tokenizer.json")
    loaded = load_tokenizer(tmp_path / "tokenizer.json")
    assert isinstance(loaded, Tokenizer)
    assert (loaded.to_json(), loaded.encode_many(LINES)) == (OWN.to_json(), OWN.encode_many(LINES))


def test_other_programs_read_the_same() -> None:
    library = tokenizers.Tokenizer.from_str(published(OWN, (None, OWN.end)))
    for line in LINES:
        assert library.encode(line).ids == [*OWN.encode(line), OWN.end]
        assert library.decode(library.encode(line).ids) == OWN.normalized(line)
    assert tokenizers.Tokenizer.from_str(published(OWN)).encode("man").ids == OWN.encode("man")


def test_what_cannot_be_learned() -> None:
    with pytest.raises(
        TokenizerError, match=r"^text\.size=200 cannot hold the 256 bytes and 3 control symbols; choose"
    ):
        learn_unigram(LINES, 200)
    assert learn_unigram(LINES, 259).size == 259
    with pytest.raises(TokenizerError, match="there is no text to learn"):
        learn_unigram(["", ""], 300)
    # A row without an end is no word.
    assert learn_unigram(["=" * 2_000], 300).size == 259
    with pytest.raises(TokenizerError, match="cannot be a tag"):
        learn_unigram(LINES, 300, ["f r"])
