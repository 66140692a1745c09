"""A tokenizer.json stays as it is, and cuts as the library and `transformers` cut by it."""

from pathlib import Path

import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

import clearhead.text
from clearhead.errors import TokenizerError
from clearhead.text import LibraryTokenizer, Roles, load_tokenizer, roles_path, tokenizer_from_json
from clearhead.text.alphabet import CHARACTERS

LINES = [
    "the animal did not cross the street",
    "나는 길을 건너지 않았다",
    "🙂 emoji 👍🏽",
    "a  b\n\tc",
    "",
    " x",
    "½ ﬁ",
]


def document() -> str:
    library = Tokenizer(models.BPE())
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    library.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<pad>", "<s>", "</s>", "<mask>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    library.train_from_iterator(LINES * 3, trainer)
    library.add_tokens([AddedToken("<tool>", special=False)])
    library.enable_truncation(3)
    library.enable_padding(length=20)
    return library.to_str(pretty=True) + "\n"


def roles(rows: int = 310) -> Roles:
    return Roles(padding=0, begin=1, end=2, unknown=None, rows=rows, symbols={"mask": 3})


@pytest.fixture
def tokenizer() -> LibraryTokenizer:
    return LibraryTokenizer(document(), roles())


def test_it_cuts_as_transformers_does_by_the_same_file(tokenizer: LibraryTokenizer, tmp_path: Path) -> None:
    """The file's own truncation and padding are the model's business, and are not applied by either."""
    from transformers import PreTrainedTokenizerFast

    tokenizer.save(tmp_path / "tokenizer.json")
    theirs = PreTrainedTokenizerFast(tokenizer_file=str(tmp_path / "tokenizer.json"))
    expected = [theirs(text, add_special_tokens=False)["input_ids"] for text in LINES]
    assert tokenizer.encode_many(LINES) == expected
    assert tokenizer.encode_many(LINES, 2) == [ids[:2] for ids in expected]
    assert [tokenizer.decode(ids) for ids in expected] == LINES == tokenizer.decode_many(expected)
    marked = "<s>the<mask> street</s>"
    assert tokenizer.encode_marked(marked) == theirs(marked, add_special_tokens=False)["input_ids"]


def test_it_is_a_tokenizer_and_is_stored_to_the_last_byte(tokenizer: LibraryTokenizer, tmp_path: Path) -> None:
    assert isinstance(tokenizer, clearhead.text.Tokenizer)
    tokenizer.save(tmp_path / "source.json")
    assert (tmp_path / "source.json").read_text(encoding="utf-8") == document()
    assert roles_path(tmp_path / "source.json").name == "source.roles.json"
    for again in (load_tokenizer(tmp_path / "source.json"), tokenizer_from_json(tokenizer.to_json())):
        assert isinstance(again, LibraryTokenizer)
        assert again.to_json() == tokenizer.to_json()
        assert again.roles == tokenizer.roles


def test_what_is_typed_is_text_and_special_tokens_enter_by_id(tokenizer: LibraryTokenizer) -> None:
    ids = tokenizer.encode("</s> <mask>")
    assert not {0, 1, 2, 3} & set(ids)
    assert tokenizer.decode(ids) == "</s> <mask>"
    assert tokenizer.decode([1, *ids, 2, 309]) == "</s> <mask>"
    assert tokenizer.special_texts() == {"<pad>": 0, "<s>": 1, "</s>": 2, "<mask>": 3}


def test_ids_bytes_and_pieces(tokenizer: LibraryTokenizer) -> None:
    assert (tokenizer.size, tokenizer.padding, tokenizer.begin, tokenizer.end) == (310, 0, 1, 2)
    assert (tokenizer.symbols, tokenizer.symbol("mask"), tokenizer.languages) == (("mask",), 3, ())
    ids = tokenizer.encode("나는 the<tool>")
    assert b"".join(tokenizer.token_bytes[one] or b"" for one in ids).decode() == "나는 the<tool>"
    assert "".join(tokenizer.pieces([1, *tokenizer.encode(" the"), 309])) == "<s>▁the⟨309⟩"
    assert tokenizer.pieces([tokenizer.encode("나")[0]])[0].startswith(("나", "<0xEB>"))
    with pytest.raises(TokenizerError, match="id 310 is not in this vocabulary of 310"):
        tokenizer.decode([310])
    with pytest.raises(TokenizerError, match="no control symbol 'user'"):
        tokenizer.symbol("user")
    assert tokenizer.encode("\ud800") == tokenizer.encode("\ufffd")


def test_what_does_not_fit_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match=r"has 30[0-9] ids but the model's table 10 rows"):
        LibraryTokenizer(document(), roles(10))
    for text in ("", "{}", '{"kind": "library"}', '{"kind": "library", "roles": {}, "tokenizer": "{}"}'):
        with pytest.raises(TokenizerError) as caught:
            tokenizer_from_json(text)
        assert "\n" not in str(caught.value)
    (tmp_path / "tokenizer.json").write_text("{}")
    for wrong in ("{", "[]", '{"padding": -1, "begin": 0, "end": 0, "unknown": null, "rows": 1, "symbols": {}}'):
        roles_path(tmp_path / "tokenizer.json").write_text(wrong)
        with pytest.raises(TokenizerError, match=r"roles\.json is not a clearhead tokenizer"):
            load_tokenizer(tmp_path / "tokenizer.json")


def test_a_token_that_the_files_decoder_would_write_otherwise() -> None:
    """A byte-level decoder takes the letter é for the byte E9."""
    library = Tokenizer(models.BPE({one: place for place, one in enumerate(CHARACTERS)}, []))
    library.pre_tokenizer, library.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    own = LibraryTokenizer(library.to_str(), Roles(0, 1, 2, None, 300))
    with pytest.raises(TokenizerError, match=r"^'café' would be written as 'caf�' by the file's decoder; remove it$"):
        own.with_tokens(["café"])
    later = own.with_tokens(["반도체"], ["<|café|>"])
    assert later.decode(later.encode("a반도체")) == "a반도체"


def test_added_tokens_keep_their_flags() -> None:
    library = Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1, "b": 2}, unk_token="[UNK]"))
    library.normalizer, library.pre_tokenizer = normalizers.Lowercase(), pre_tokenizers.Whitespace()
    own = LibraryTokenizer(library.to_str(), Roles(0, 0, 0, 0, 3))
    flags = {"special": False, "single_word": True, "lstrip": False, "rstrip": False}
    added = [{"content": "New", "normalized": True, **flags}, {"content": "Own", "normalized": False, **flags}]
    later = own.with_added(added)
    assert later.token_ids(["New", "Own"]) == {"New": 3, "Own": 4}
    # The first is read in lowercase, too, the second as it stands; neither within a word.
    assert later.encode("a new NEW Own own bOwn") == [1, 3, 3, 4, 0, 0]


def test_unknown_characters_in_a_row_are_looked_up_whole() -> None:
    """As Marian does: b and XY are pieces of the other side's file, into which no text is cut."""
    pieces = [("<unk>", 0.0), ("a", -1.0), ("\0b", -2.0), ("\0XY", -2.0), ("ab", -9.0), ("</s>", -3.0)]
    library = Tokenizer(models.Unigram(pieces, 0))
    library.add_special_tokens(["<unk>", "</s>"])
    own = LibraryTokenizer(library.to_str(), Roles(5, 5, 5, 0, 6))
    lines = {"a": [1], "XYa": [3, 1], "aXb": [1, 0], "baXY": [2, 1, 3], "XYb": [0], "a한a": [1, 0, 1], "": []}
    assert own.encode_many([*lines]) == [*lines.values()]
    assert own.framed("baXY") == own.encode_marked("baXY") == [2, 1, 3]
    assert own.encode("baXY", 2) == [2, 1]
