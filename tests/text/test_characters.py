"""Characters to ids and back. What must hold for every string is tested on random ones."""

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearhead.errors import TokenizerError
from clearhead.text import CharacterTokenizer

TOKENIZER = CharacterTokenizer.learn(["banana", "고양이 b"])


def test_the_vocabulary_is_controls_unknown_and_the_characters_in_order() -> None:
    assert (TOKENIZER.padding, TOKENIZER.begin, TOKENIZER.end, TOKENIZER.unknown) == (0, 1, 2, 3)
    assert TOKENIZER.pieces(range(TOKENIZER.size)) == [
        "⟨padding⟩", "⟨begin⟩", "⟨end⟩", "\ufffd", "▁", "a", "b", "n", "고", "양", "이",
    ]  # fmt: skip
    assert TOKENIZER.encode("ban") == [6, 5, 7]
    assert TOKENIZER.token_bytes[:5] == [None, None, None, b"\xef\xbf\xbd", b" "]
    assert TOKENIZER.token_bytes[-1] == "이".encode()
    assert TOKENIZER.merge_parents == [(-1, -1)] * 11
    assert (TOKENIZER.languages, list(TOKENIZER.byte_ids)) == ((), [])


@given(st.text())
def test_every_string_of_known_characters_comes_back_in_nfc(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    tokenizer = CharacterTokenizer.learn([f"{text}a"])
    assert tokenizer.decode(tokenizer.encode(text)) == composed == tokenizer.normalized(text)


@given(st.text(st.characters(codec=None)))
def test_every_other_string_comes_back_with_what_is_not_known_replaced(text: str) -> None:
    ids = TOKENIZER.encode(text)
    assert TOKENIZER.decode(ids) == TOKENIZER.normalized(text)
    assert all(3 <= index < TOKENIZER.size for index in ids)


def test_decomposed_syllables_are_one_character() -> None:
    assert TOKENIZER.encode(unicodedata.normalize("NFD", "고양")) == [8, 9]


def test_half_a_surrogate_pair_and_what_is_not_known_are_unknown() -> None:
    assert TOKENIZER.encode("b\ud800x\ufffd") == [6, 3, 3, 3]
    assert TOKENIZER.decode([6, 3]) == "b\ufffd"
    assert CharacterTokenizer.learn(["\ud800a"]).size == 5


def test_controls_are_left_out_and_cannot_be_typed() -> None:
    assert TOKENIZER.decode([1, 6, 0, 2]) == "b"
    assert TOKENIZER.encode("⟨end⟩") == [3, 3, 7, 3, 3]


def test_only_the_first_ids_where_no_more_are_wanted() -> None:
    assert TOKENIZER.encode("banana", 2) == [6, 5]
    assert TOKENIZER.encode_many(["banana", "b"], 1) == [[6], [6]]
    assert TOKENIZER.decode_many([[6], [6, 5]]) == ["b", "ba"]


def test_folded_text_is_learned_and_read_as_it_is_folded() -> None:
    tokenizer = CharacterTokenizer.learn(["didn’t"], fold=True)
    assert tokenizer.pieces(range(4, tokenizer.size)) == ["'", "d", "i", "n", "t"]
    assert tokenizer.decode(tokenizer.encode("’\u200bt")) == "'t"


def test_a_size_leaves_out_the_rarest() -> None:
    assert CharacterTokenizer.learn(["aaabbc"], 6).pieces([4, 5]) == ["a", "b"]
    assert CharacterTokenizer.learn(["ba"], 5).pieces([4]) == ["a"]
    with pytest.raises(TokenizerError, match=r"^text.size=4 cannot hold a character"):
        CharacterTokenizer.learn(["a"], 4)


@pytest.mark.parametrize("texts", [[], [""], ["\ud800"]])
def test_no_text(texts: list[str]) -> None:
    with pytest.raises(TokenizerError, match="there is no text"):
        CharacterTokenizer.learn(texts)


def test_a_file_gives_the_same_tokenizer(tmp_path: Path) -> None:
    tokenizer = CharacterTokenizer.learn(['a"\n\x00\u2028é'], fold=True)
    tokenizer.save(tmp_path / "tokenizer.json")
    loaded = CharacterTokenizer.load(tmp_path / "tokenizer.json")
    assert loaded.to_json() == tokenizer.to_json()
    assert (loaded.folds, loaded.encode("é\n")) == (True, tokenizer.encode("é\n"))
    assert json.loads(tokenizer.to_json())["kind"] == "characters"


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "words"}, {"normalize": "nfkc"}, {"characters": "aa"}, {"characters": "\ufffd"}, {"more": 1},
        {"characters": ["a", "bc"]}, {"characters": "\u212b"}, {"characters": 3}, {"tokens": "ab"}, {"tokens": [""]},
        {"tokens": [3]}, {"tokens": ["e\u0301x"]}, {"tokens": ["ab", "ab"]},
    ],
)  # fmt: skip
def test_other_files_are_refused_in_one_line(change: dict[str, object]) -> None:
    document = json.loads(TOKENIZER.to_json()) | change
    with pytest.raises(TokenizerError) as caught:
        CharacterTokenizer.from_json(json.dumps(document), "a/tokenizer.json")
    assert "\n" not in str(caught.value)


def test_what_it_does_not_have() -> None:
    with pytest.raises(TokenizerError, match="no tag for the language 'fr'"):
        TOKENIZER.tag("fr")
    with pytest.raises(TokenizerError, match="id 11 is not in this vocabulary of 11"):
        TOKENIZER.decode([11])
    with pytest.raises(TokenizerError, match="id -1 is not"):
        TOKENIZER.pieces([-1])


def test_a_token_may_have_characters_that_nobody_knows() -> None:
    later = TOKENIZER.with_tokens(["xyz", "é"])
    assert later.encode("bxyze\u0301z") == [6, TOKENIZER.size, TOKENIZER.size + 1, 3]
    assert later.normalized("bxyze\u0301z") == "bxyzé\ufffd"
