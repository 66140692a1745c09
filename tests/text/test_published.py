"""A tokenizer of ours, as the library and `transformers` read its file."""

from pathlib import Path

import pytest
import tokenizers

from clearhead.errors import TokenizerError
from clearhead.text import BytePairTokenizer, CharacterTokenizer, LibraryTokenizer, Roles, Tokenizer
from clearhead.text.published import control_symbols, published

LINES = ["the animal didn’t cross the street", "나는 길을 건너지 않았다\n", "  a  b, 1.5 🙂", "", "e\u0301 ﬁ “x”"]


def byte_pairs(fold: bool = False) -> BytePairTokenizer:
    return BytePairTokenizer.learn(LINES * 3, 320, ["fr", "ko"], fold, ["mask"])


@pytest.mark.parametrize("fold", [False, True])
@pytest.mark.parametrize("kind", ["bytes", "characters"])
def test_texts_are_cut_and_put_together_as_here(kind: str, fold: bool) -> None:
    ours: Tokenizer = byte_pairs(fold) if kind == "bytes" else CharacterTokenizer.learn(LINES[:3], None, fold, ["mask"])
    library = tokenizers.Tokenizer.from_str(published(ours))
    assert library.get_vocab_size() == ours.size
    for line in [*LINES, "ž, unknown 語"]:
        ids = library.encode(line).ids
        assert ids == ours.encode(line)
        assert library.decode(ids) == ours.decode(ids)


def test_control_symbols_are_special() -> None:
    ours = byte_pairs()
    library = tokenizers.Tokenizer.from_str(published(ours, (ours.begin, ours.end)))
    typed = library.encode("⟨2fr⟩the street").ids
    assert typed == [ours.begin, ours.tag("fr"), *ours.encode("the street"), ours.end]
    assert library.decode(typed) == "the street"
    assert control_symbols(ours) == {
        "⟨padding⟩": 0, "⟨begin⟩": 1, "⟨end⟩": 2, "⟨2fr⟩": 3, "⟨2ko⟩": 4, "⟨mask⟩": 5,
    }  # fmt: skip


def test_transformers_reads_the_same(tmp_path: Path) -> None:
    from transformers import PreTrainedTokenizerFast

    ours = byte_pairs(fold=True)
    (tmp_path / "tokenizer.json").write_text(published(ours, (None, ours.end)), encoding="utf-8")
    theirs = PreTrainedTokenizerFast(tokenizer_file=str(tmp_path / "tokenizer.json"))
    for line in LINES:
        assert theirs(line)["input_ids"] == [*ours.encode(line), ours.end]


def test_a_token_that_other_programs_would_write_otherwise() -> None:
    """Their byte-level decoder takes é for the byte E9, where all letters of a token stand for bytes."""
    for token, is_right in (("cafés", False), ("un café 🙂", True)):
        later = byte_pairs().with_tokens([token])
        if is_right:
            assert tokenizers.Tokenizer.from_str(published(later)).decode(later.encode(token)) == token
        else:
            with pytest.raises(
                TokenizerError, match=r"^the token 'cafés' would be written as 'caf�s' by other programs"
            ):
                published(later)


def test_characters_of_marians_other_side_are_read_by_other_programs() -> None:
    """They look up no unknown ones; longer pieces stay hidden."""
    pieces = [("<unk>", 0.0), ("a", -1.0), ("\0b", -2.0), ("\0XY", -2.0), ("</s>", -3.0)]
    library = tokenizers.Tokenizer(tokenizers.models.Unigram(pieces, 0))
    library.add_special_tokens(["<unk>", "</s>"])
    ours = LibraryTokenizer(library.to_str(), Roles(4, 4, 4, 0, 5))
    theirs = tokenizers.Tokenizer.from_str(published(ours))
    assert theirs.encode("ab").ids == ours.encode("ab") == [1, 2]
    assert (theirs.encode("aXY").ids, ours.encode("aXY")) == ([1, 0], [1, 3])
