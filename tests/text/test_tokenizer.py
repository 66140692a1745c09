"""Every kind of tokenizer is one."""

import unicodedata
from pathlib import Path
from typing import get_args

import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st

from clearhead.errors import TokenizerError
from clearhead.text import BytePairTokenizer, CharacterTokenizer, Tokenizer, learn_tokenizer
from clearhead.text.learning import Kind
from clearhead.text.loading import load_tokenizer, tokenizer_from_json
from clearhead.text.published import published

KINDS = [BytePairTokenizer.learn(["one two one"], 262), CharacterTokenizer.learn(["one two"])]


@pytest.mark.parametrize("tokenizer", KINDS)
def test_each_kind_has_all_that_users_need(tokenizer: Tokenizer) -> None:
    assert isinstance(tokenizer, Tokenizer)
    ids = tokenizer.encode("one two")
    assert tokenizer.decode([tokenizer.begin, *ids, tokenizer.end, tokenizer.padding]) == "one two"
    assert len(tokenizer.token_bytes) == len(tokenizer.merge_parents) == tokenizer.size > max(ids)
    assert b"".join(tokenizer.token_bytes[index] or b"" for index in ids) == b"one two"


@pytest.mark.parametrize("kind", ["bpe", "unigram", "characters"])
def test_a_tasks_own_control_symbols_enter_by_id_only(kind: Kind) -> None:
    plain = learn_tokenizer(kind, ["[mask] ⟨mask⟩ one"], 300)
    own = learn_tokenizer(kind, ["[mask] ⟨mask⟩ one"], 302, symbols=["mask", "assistant"])
    assert (plain.symbols, own.symbols) == ((), ("assistant", "mask"))
    assert own.size == plain.size + 2
    both = [own.symbol("assistant"), own.symbol("mask")]
    assert own.pieces(both) == ["⟨assistant⟩", "⟨mask⟩"]
    assert [own.token_bytes[index] for index in both] == [None, None]
    assert own.decode([*both, *own.encode("one")]) == "one"
    for text in ("⟨mask⟩", "[mask]", ""):
        assert not set(both) & set(own.encode(text))
        assert own.decode(own.encode(text)) == text
    read = tokenizer_from_json(own.to_json())
    assert (read.symbols, read.symbol("mask"), read.to_json()) == (own.symbols, both[1], own.to_json())


@pytest.mark.parametrize("kind", get_args(Kind))
def test_a_language_and_a_symbol_stand_side_by_side(kind: Kind) -> None:
    if kind != "characters":
        own = learn_tokenizer(kind, ["one"], 400, ["fr"], symbols=["mask"])
        assert own.pieces(range(5)) == ["⟨padding⟩", "⟨begin⟩", "⟨end⟩", "⟨2fr⟩", "⟨mask⟩"]
        assert tokenizer_from_json(own.to_json()).pieces(range(5)) == own.pieces(range(5))
    with pytest.raises(TokenizerError, match=r"no control symbol 'user'; this tokenizer has: none"):
        learn_tokenizer(kind, ["one"], 400).symbol("user")
    for name in ("begin", "padding", "2fr", "", "Mask", "a b"):
        with pytest.raises(TokenizerError, match=f"the control symbol '{name}' cannot be"):
            learn_tokenizer(kind, ["one"], 400, symbols=[name])


NEW = ["쉬어요", "two three", "<|note|>", "xy", "wo"]
LATER = [one.with_tokens(NEW) for one in KINDS]


@pytest.mark.parametrize(("before", "tokenizer"), [*zip(KINDS, LATER, strict=True)])
def test_tokens_that_came_later(before: Tokenizer, tokenizer: Tokenizer, tmp_path: Path) -> None:
    """Each is one id, after all the others, wherever a text has it; all else is cut as it was."""
    assert tokenizer.size == before.size + len(NEW)
    ids = {token: before.size + place for place, token in enumerate(NEW)}
    assert tokenizer.token_ids([*NEW, "o", "쉬", "⟨end⟩"]) == {
        **ids, "o": before.encode("o")[0], "쉬": None, "⟨end⟩": before.end,
    }  # fmt: skip
    assert tokenizer.encode("one쉬어요 two three") == [
        *before.encode("one"), ids["쉬어요"], *before.encode(" "), ids["two three"],
    ]  # fmt: skip
    assert tokenizer.encode("one two") == [*before.encode("one t"), ids["wo"]]
    assert tokenizer.encode("one o") == before.encode("one o")
    assert tokenizer.encode("xyxy two three", 2) == [ids["xy"]] * 2
    for text in ("one쉬어요 two three", "<|note|>xy", "", unicodedata.normalize("NFD", "쉬어요")):
        found = tokenizer.encode(text)
        assert tokenizer.decode([tokenizer.begin, *found, tokenizer.end]) == tokenizer.normalized(text)
        assert tokenizer.normalized(text) == unicodedata.normalize("NFC", text)
        assert b"".join(tokenizer.token_bytes[one] or b"" for one in found).decode() == tokenizer.normalized(text)
    assert tokenizer.merge_parents[before.size :] == [(-1, -1)] * len(NEW)
    assert tokenizer.pieces([ids["two three"], ids["쉬어요"]]) == ["two▁three", "쉬어요"]
    assert tokenizer.encode_many(["xy", "o", "xyo"]) == [
        [ids["xy"]],
        before.encode("o"),
        [ids["xy"], *before.encode("o")],
    ]
    tokenizer.save(tmp_path / "tokenizer.json")
    again = load_tokenizer(tmp_path / "tokenizer.json")
    assert (again.to_json(), again.encode("xy쉬어요")) == (tokenizer.to_json(), tokenizer.encode("xy쉬어요"))


@settings(derandomize=True, max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["쉬어요", "two", " three", "three", "<|note|>", "xy", "w", "o", "é", "\u0301", "\n "]))
)
def test_the_library_reads_them_so_too(parts: list[str]) -> None:
    text = "".join(parts)
    for tokenizer in LATER:
        library = tokenizers.Tokenizer.from_str(published(tokenizer))
        ids = library.encode(text).ids
        assert ids == tokenizer.encode(text)
        assert library.decode(ids) == tokenizer.decode(ids)


@pytest.mark.parametrize("tokenizer", LATER)
def test_more_tokens_follow(tokenizer: Tokenizer) -> None:
    """Of two that begin at one place the longer one is read, whichever came first."""
    more = tokenizer.with_tokens(["쉬어요!", "쉬"])
    assert more.encode("쉬어요!쉬어요쉬") == [tokenizer.size, *tokenizer.encode("쉬어요"), tokenizer.size + 1]
    assert tokenizer_from_json(more.to_json()).to_json() == more.to_json()


@pytest.mark.parametrize("tokenizer", KINDS)
@pytest.mark.parametrize(
    ("tokens", "symbols", "message"),
    [
        (["one", "one"], (), "^'one' is a token already; remove it$"),
        (["o"], (), "^'o' is a token already; remove it$"),
        (["⟨end⟩"], (), "^'⟨end⟩' is a token already; remove it$"),
        ([""], (), "^'' is empty once it is read; remove it$"),
        ([], ["<|x|>"], r"^'<\|x\|>' is a special token, as the template of a model that was trained elsewhere has"),
    ],
)
def test_what_cannot_be_a_token(tokenizer: Tokenizer, tokens: list[str], symbols: list[str], message: str) -> None:
    with pytest.raises(TokenizerError, match=message):
        tokenizer.with_tokens(tokens, symbols)
