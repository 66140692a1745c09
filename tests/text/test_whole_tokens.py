"""Tokens that are read whole: split and joined by hand."""

import pytest

from clearhead.errors import TokenizerError
from clearhead.text.whole_tokens import WholeTokens, added_tokens, checked_tokens, single_ids

PLAIN = {"special": False, "normalized": True, "single_word": False, "lstrip": False, "rstrip": False}


def test_a_text_is_split_by_the_longest_token_at_each_place() -> None:
    tokens = WholeTokens(["ab", "abc", "."], first=10)
    parts = tokens.split("xabcab.y.")
    assert parts == ["x", "abc", "", "ab", "", ".", "y", ".", ""]
    assert tokens.joined(parts, [[1], [], [], [2, 3], []]) == [1, 11, 10, 12, 2, 3, 12]
    assert tokens.split("") == [""]
    assert WholeTokens([], first=10).split("ab") == ["ab"]


def test_ids_of_what_is_one_token() -> None:
    ids = {"a": [4], "ab": [4, 5], "?": [3], "⟨end⟩": [7, 8], "": []}
    found = single_ids(ids, {"⟨end⟩": 2}, ids.__getitem__, unknown=3)
    assert found == {"a": 4, "ab": None, "?": None, "⟨end⟩": 2, "": None}


def test_what_is_new_is_new_as_it_is_read() -> None:
    known = {"a": 4}.get
    assert checked_tokens(["AB"], (), str.lower, known, []) == ["ab"]
    for tokens, message in ((["A"], "'A' is a token already"), (["AB", "ab"], "'AB' is a"), (["AB"], "'AB' is what a")):
        with pytest.raises(TokenizerError, match=message):
            checked_tokens(tokens, (), str.lower, known, ["ab"])


def test_what_a_file_adds() -> None:
    added = [{"id": 5, "content": "ab", **PLAIN}, {"id": 6, "content": "c", **PLAIN}]
    assert added_tokens({"added_tokens": added}, 5, str.lower) == ["ab", "c"]
    for change in (
        {"id": 5},
        {"content": "C"},
        {"content": "ab"},
        {"content": ""},
        {"special": True},
        {"rstrip": True},
    ):
        with pytest.raises(ValueError, match="to the text otherwise than as a token of its own"):
            added_tokens({"added_tokens": [added[0], added[1] | change]}, 5, str.lower)
