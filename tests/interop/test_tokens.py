"""A folder's tokenizer and what its ids stand for, wherever the folder says it."""

import json
from pathlib import Path

import pytest

from clearhead.errors import InteropError
from clearhead.interop.tokens import begins_documents, roles_of, special_tokens, tokenizer_document
from clearhead.text import LibraryTokenizer, Roles

from .conftest import write_tokenizer


def test_special_tokens_are_those_of_the_folder_before_the_usual_ones(tmp_path: Path) -> None:
    assert special_tokens(tmp_path, "bert")["mask_token"] == "[MASK]"
    (tmp_path / "special_tokens_map.json").write_text(
        json.dumps({"mask_token": {"content": "<m>"}, "pad_token": "<p>"})
    )
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"pad_token": "<pad>", "model_max_length": 3}))
    found = special_tokens(tmp_path, "bert")
    assert (found["mask_token"], found["pad_token"], found["sep_token"]) == ("<m>", "<pad>", "[SEP]")


@pytest.mark.parametrize(
    ("kind", "files", "roles"),
    [
        ("bert", "words", Roles(0, 2, 3, 1, 320, {"mask": 4})),
        ("roberta", "framed bytes", Roles(1, 0, 2, None, 320, {"mask": 4})),
        ("", "bytes", Roles(0, 1, 2, None, 320)),
    ],
)
def test_roles_are_read_from_the_files(kind: str, files: str, roles: Roles, tmp_path: Path) -> None:
    write_tokenizer(tmp_path, files)
    document = tokenizer_document(tmp_path, kind)
    assert roles_of(document, special_tokens(tmp_path, kind), {}, 320) == roles
    assert begins_documents(LibraryTokenizer(document, roles)) is (files != "bytes")


def test_xlm_rs_ids_are_one_later_than_the_files(tmp_path: Path) -> None:
    """fairseq's <s>, <pad>, </s>, <unk> come first, and the mask last."""
    import sentencepiece

    write_tokenizer(tmp_path, "pieces")
    document = tokenizer_document(tmp_path, "xlm-roberta")
    roles = roles_of(document, special_tokens(tmp_path, "xlm-roberta"), {}, 320)
    assert (roles.padding, roles.begin, roles.end, roles.unknown) == (1, 0, 2, 3)
    theirs = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "sentencepiece.bpe.model"))
    ours = LibraryTokenizer(document, roles)
    for line in ("the animal did not", "나는 길을"):
        assert ours.encode(line) == [one + 1 if one else 3 for one in theirs.encode(line)]
    assert roles.symbols == {"mask": theirs.get_piece_size() + 1}


def test_gpt2s_end_is_its_begin_and_padding_too() -> None:
    document = json.dumps({"model": {"type": "BPE", "vocab": {"a": 0, "<|endoftext|>": 1}}, "added_tokens": []})
    assert roles_of(document, {"eos_token": "<|endoftext|>"}, {}, 2) == Roles(1, 1, 1, None, 2)
    # Ids of config.json serve where no name does; of several ends the first.
    assert roles_of(document, {}, {"eos_token_id": [0, 1], "bos_token_id": 1}, 2) == Roles(0, 1, 0, None, 2)
    with pytest.raises(InteropError, match="names no token that ends a text"):
        roles_of(document, {}, {}, 2)


def test_a_folder_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InteropError, match=r"has no tokenizer\.json, nor the older files of its class"):
        tokenizer_document(tmp_path, "bert")
