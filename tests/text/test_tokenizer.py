"""Every kind of tokenizer is one."""

import pytest

from clearhead.text import BytePairTokenizer, CharacterTokenizer, Tokenizer

KINDS = [BytePairTokenizer.learn(["one two one"], 262), CharacterTokenizer.learn(["one two"])]


@pytest.mark.parametrize("tokenizer", KINDS)
def test_each_kind_has_all_that_users_need(tokenizer: Tokenizer) -> None:
    assert isinstance(tokenizer, Tokenizer)
    ids = tokenizer.encode("one two")
    assert tokenizer.decode([tokenizer.begin, *ids, tokenizer.end, tokenizer.padding]) == "one two"
    assert len(tokenizer.token_bytes) == len(tokenizer.merge_parents) == tokenizer.size > max(ids)
    assert b"".join(tokenizer.token_bytes[index] or b"" for index in ids) == b"one two"
