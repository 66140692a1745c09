"""The tokenizers of encoder-decoders: ids are those of transformers' own classes. Marian's: test_bart.py."""

import json
from pathlib import Path
from typing import Any

import pytest
import sentencepiece

from clearhead.errors import InteropError
from clearhead.interop.pair_tokens import documents_of, pair_tokenizers
from clearhead.interop.tokens import special_tokens
from clearhead.model import TransformerConfig
from clearhead.text import LibraryTokenizer

from .conftest import write_tokenizer

LINES = ["the animal did not cross the street", "ab ba abba", "나는 길을 너무", "1, 2"]
SIZES: dict[str, Any] = {"width": 8, "heads": 2, "share_embeddings": "none", "source_vocabulary": 400}


def tokenizers_of(folder: Path, kind: str, rows: int = 400, **values: Any) -> tuple[LibraryTokenizer, LibraryTokenizer]:
    given = {"decoder_start_token_id": 0, **values}
    config = TransformerConfig(**SIZES, target_vocabulary=rows)
    return pair_tokenizers(documents_of(folder, kind), special_tokens(folder, kind), given, config, str(folder))


@pytest.mark.parametrize(("kind", "shift"), [("t5", 0), ("pegasus", 103)])
def test_pieces_are_those_of_sentencepiece(tmp_path: Path, kind: str, shift: int) -> None:
    """Pegasus counts from 103 on (its tokenizer's `offset`)."""
    write_tokenizer(tmp_path, "spiece.model")
    theirs = sentencepiece.SentencePieceProcessor(str(tmp_path / "spiece.model"))
    source, target = tokenizers_of(tmp_path, kind)
    assert source is target
    assert source.frame == ((), (1,))
    for line in LINES:
        assert source.encode(line) == [number + shift for number in theirs.encode(line)]


def test_t5_s_places_to_be_filled_are_last_and_in_reverse(tmp_path: Path) -> None:
    write_tokenizer(tmp_path, "spiece.model")
    size = sentencepiece.SentencePieceProcessor(str(tmp_path / "spiece.model")).get_piece_size()
    special = tokenizers_of(tmp_path, "t5")[0].special_texts()
    assert (special["<extra_id_0>"], special["<extra_id_99>"]) == (size + 99, size)


def test_what_the_file_puts_around_a_source_and_what_begins_a_target(tmp_path: Path) -> None:
    write_tokenizer(tmp_path, "framed bytes")
    source, _ = tokenizers_of(tmp_path, "roberta", decoder_start_token_id=2, forced_bos_token_id=0)
    assert source.frame == ((0,), (2,))
    assert (source.begin, source.end, source.opening) == (2, 2, (0,))
    source.save(tmp_path / "ours.json")
    loaded = LibraryTokenizer.load(tmp_path / "ours.json")
    assert (loaded.roles, loaded.frame) == (source.roles, source.frame)


def test_marian_s_languages_are_tags(tmp_path: Path) -> None:
    write_tokenizer(tmp_path, "two files of pieces")
    ids = json.loads((tmp_path / "vocab.json").read_text(encoding="utf-8"))
    ids[">>fra<<"] = ids.pop("▁unused0")
    (tmp_path / "vocab.json").write_text(json.dumps(ids), encoding="utf-8")
    source, target = tokenizers_of(tmp_path, "marian", decoder_start_token_id=319)
    assert source.languages == target.languages == ("fra",)
    assert source.tag("fra") == ids[">>fra<<"]


@pytest.mark.parametrize("start", [None, -1, 400, "0", True])
def test_a_target_s_first_token_must_be_told(tmp_path: Path, start: Any) -> None:
    write_tokenizer(tmp_path, "spiece.model")
    with pytest.raises(InteropError, match=r"decoder_start_token_id=.*expected the id that a target begins with"):
        tokenizers_of(tmp_path, "t5", decoder_start_token_id=start)


def test_ids_with_a_gap_are_refused(tmp_path: Path) -> None:
    write_tokenizer(tmp_path, "two files of pieces")
    (tmp_path / "vocab.json").write_text('{"</s>": 0, "<unk>": 2}', encoding="utf-8")
    with pytest.raises(InteropError, match="other ids than 0 to 1, each once"):
        tokenizers_of(tmp_path, "marian")
