"""A tokenizer of whole words: what it keeps of a text, and what it loses."""

import unicodedata
from pathlib import Path

import pytest
import tokenizers

from clearhead.errors import TokenizerError
from clearhead.text import Tokenizer, load_tokenizer, tokenizer_from_json
from clearhead.text.published import published
from clearhead.text.words import learn_words

LINES = [
    "저는 학교에 갔어요.", "私はコーヒーを3杯飲んだ。", "the man (tall) sees the dog, doesn't he?", "❤️ 👨‍👩‍👧 1️⃣",
    "한국어와 English\tand  日本語 🙂", "नमस्ते ไทย",
]  # fmt: skip
OWN = learn_words(LINES, 200, ["fr"], symbols=["mask"])


def test_every_text_of_known_words_comes_back() -> None:
    for text in [*LINES, *(unicodedata.normalize("NFD", one) for one in LINES), "", " dog, dog"]:
        found = OWN.encode(text)
        expected = unicodedata.normalize("NFC", text)
        assert OWN.unknown not in found
        assert OWN.decode(found) == OWN.normalized(text) == expected
        assert b"".join(OWN.token_bytes[one] or b"" for one in found).decode() == expected


def test_words_and_signs() -> None:
    found = OWN.pieces(OWN.encode("the man (tall) doesn't"))
    assert found == ["the", "▁man", "▁(", "tall", ")", "▁doesn", "'", "t"]
    # A vowel's sign is no letter in Unicode, and stays with its letter.
    assert OWN.pieces(OWN.encode("नमस्ते ไทย")) == ["नमस्ते", "▁ไทย"]


def test_what_is_lost() -> None:
    """The letters of an unknown word, and whether a space was before it."""
    assert OWN.decode(OWN.encode("the zebra sees")) == "the \ufffd sees"
    assert OWN.decode(OWN.encode("(zebra) dog")) == " \ufffd \ufffd) dog"
    assert OWN.normalized(OWN.normalized("the zebra (zebra")) == OWN.normalized("the zebra (zebra")
    # "man" was never seen without a space before it.
    assert OWN.encode("man") == [OWN.unknown]


def test_the_most_frequent_are_known() -> None:
    """ " b" five times, " c" and "a" twice each; of equally many the first by its characters."""
    found = learn_words(["a b b b", "a b b", "z c c"], 7)
    assert found.pieces(range(7)) == ["⟨padding⟩", "⟨begin⟩", "⟨end⟩", "▁\ufffd", "▁b", "▁c", "a"]
    assert (found.size, found.unknown, found.merge_parents) == (7, 3, [(-1, -1)] * 7)


def test_control_symbols_and_tags() -> None:
    assert OWN.pieces(range(5)) == ["⟨padding⟩", "⟨begin⟩", "⟨end⟩", "⟨2fr⟩", "⟨mask⟩"]
    assert (OWN.tag("fr"), OWN.symbol("mask"), OWN.unknown) == (3, 4, 5)
    assert not {*range(5)} & {*OWN.encode("⟨end⟩ ⟨2fr⟩ ⟨mask⟩")}


def test_the_same_again_and_from_its_file(tmp_path: Path) -> None:
    assert learn_words(LINES, 200, ["fr"], symbols=["mask"]).to_json() == OWN.to_json()
    assert tokenizer_from_json(OWN.to_json()).to_json() == OWN.to_json()
    OWN.save(tmp_path / "tokenizer.json")
    loaded = load_tokenizer(tmp_path / "tokenizer.json")
    assert isinstance(loaded, Tokenizer)
    assert (loaded.to_json(), loaded.encode_many(LINES)) == (OWN.to_json(), OWN.encode_many(LINES))
    later = loaded.with_tokens([" zebra"])
    assert later.decode(later.encode("the zebra sees")) == "the zebra sees"


def test_other_programs_read_the_same() -> None:
    library = tokenizers.Tokenizer.from_str(published(OWN, (OWN.begin, OWN.end)))
    for line in LINES:
        assert library.encode(line).ids == [OWN.begin, *OWN.encode(line), OWN.end]


def test_what_cannot_be_learned() -> None:
    with pytest.raises(TokenizerError, match=r"^text\.size=4 cannot hold a word beside 4 control symbols; choose a"):
        learn_words(LINES, 4)
    with pytest.raises(TokenizerError, match="there is no text to learn"):
        learn_words([""], 30)
    assert "l'eau" in learn_words(["l’eau"], 30, fold=True).normalized("l’eau")
