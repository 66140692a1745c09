"""Every kind of tokenizer is one."""

import pytest

from clearhead.errors import TokenizerError
from clearhead.text import BytePairTokenizer, CharacterTokenizer, Tokenizer, learn_tokenizer
from clearhead.text.learning import Kind
from clearhead.text.loading import tokenizer_from_json

KINDS = [BytePairTokenizer.learn(["one two one"], 262), CharacterTokenizer.learn(["one two"])]


@pytest.mark.parametrize("tokenizer", KINDS)
def test_each_kind_has_all_that_users_need(tokenizer: Tokenizer) -> None:
    assert isinstance(tokenizer, Tokenizer)
    ids = tokenizer.encode("one two")
    assert tokenizer.decode([tokenizer.begin, *ids, tokenizer.end, tokenizer.padding]) == "one two"
    assert len(tokenizer.token_bytes) == len(tokenizer.merge_parents) == tokenizer.size > max(ids)
    assert b"".join(tokenizer.token_bytes[index] or b"" for index in ids) == b"one two"


@pytest.mark.parametrize("kind", ["bpe", "characters"])
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


@pytest.mark.parametrize("kind", ["bpe", "characters"])
def test_a_language_and_a_symbol_stand_side_by_side(kind: Kind) -> None:
    if kind == "bpe":
        own = learn_tokenizer(kind, ["one"], 400, ["fr"], symbols=["mask"])
        assert own.pieces(range(5)) == ["⟨padding⟩", "⟨begin⟩", "⟨end⟩", "⟨2fr⟩", "⟨mask⟩"]
        assert tokenizer_from_json(own.to_json()).pieces(range(5)) == own.pieces(range(5))
    with pytest.raises(TokenizerError, match=r"no control symbol 'user'; this tokenizer has: none"):
        learn_tokenizer(kind, ["one"], 400).symbol("user")
    for name in ("begin", "padding", "2fr", "", "Mask", "a b"):
        with pytest.raises(TokenizerError, match=f"the control symbol '{name}' cannot be"):
            learn_tokenizer(kind, ["one"], 400, symbols=[name])
