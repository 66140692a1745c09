"""The tokenizers of an encoder-decoder's folder: one for both sides, or Marian's two with one vocabulary or two."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from clearhead.errors import InteropError
from clearhead.interop.foreign import read_json
from clearhead.interop.token_files import TARGET_TOKENIZER
from clearhead.interop.tokens import read_file, roles_of, tokenizer_document
from clearhead.model.config import TransformerConfig
from clearhead.text import LibraryTokenizer
from clearhead.text.built import sentence_piece
from clearhead.text.sentence_piece import SentencePieceModel, read_sentence_piece

MARIAN: Final = "marian"
# T5 has so many places to be filled, after its pieces and in reverse. Pegasus has others before its pieces, of which it
# leaves out the first two.
_PLACES: Final = 100
# What asks for a language: >>fra<< in Marian, ⟨2fr⟩ in what clearhead exports.
_TAG: Final = re.compile(r">>(.+)<<|⟨2(.+)⟩")
_BEFORE: Final = ("<pad>", "</s>", "<mask_1>", "<mask_2>", *(f"<unk_{number}>" for number in range(2, 103)))


def documents_of(folder: Path, kind: str) -> tuple[str, str]:
    """A tokenizer.json for sources and one for targets, the same where one is for both. kind: of the class.

    Raises InteropError where files are missing.
    """
    if kind == MARIAN and not (folder / "tokenizer.json").is_file():
        return _marian_documents(folder)
    document, other = _document(folder, kind), folder / TARGET_TOKENIZER
    return document, read_file(other).decode("utf-8", "replace") if other.is_file() else document


def pair_tokenizers(
    documents: tuple[str, str],
    special: Mapping[str, str],
    values: Mapping[str, Any],
    config: TransformerConfig,
    place: str,
) -> tuple[LibraryTokenizer, LibraryTokenizer]:
    """The source's and the target's, which are one where one reads both.

    special: the names of special tokens. values: of generation_config.json and config.json. place: what errors name.
    Raises InteropError where no token is told that a target begins with.
    """
    sizes = config.source_vocabulary, config.target_vocabulary
    source, target = (
        _tokenizer(document, special, values, rows, place) for document, rows in zip(documents, sizes, strict=True)
    )
    return (source, source) if documents[0] == documents[1] and source.size == target.size else (source, target)


def _tokenizer(
    document: str, special: Mapping[str, str], values: Mapping[str, Any], rows: int, place: str
) -> LibraryTokenizer:
    start = values.get("decoder_start_token_id")
    if type(start) is not int or not 0 <= start < rows:
        raise InteropError(
            f"{place} has decoder_start_token_id={start!r:.40}; expected the id that a target begins with, from 0 to "
            f"{rows - 1:,}; set it there"
        )
    plain = LibraryTokenizer(document, roles_of(document, special, values, rows, start), place)
    before, after = _frame(plain, place)
    forced = values.get("forced_bos_token_id")
    opening = (forced,) if type(forced) is int and 0 <= forced < rows else ()
    named = plain.special_texts().items()
    tags = {match[1] or match[2]: number for one, number in named if (match := _TAG.fullmatch(one))}
    roles = dataclasses.replace(plain.roles, before=before, after=after, opening=opening, tags=tags)
    return LibraryTokenizer(document, roles, place)


def _frame(tokenizer: LibraryTokenizer, place: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What the file itself puts before and after a text."""
    framed, own = tokenizer.framed("a"), tokenizer.encode("a")
    for begin in range(len(framed) - len(own) + 1):
        if own and framed[begin : begin + len(own)] == own:
            return tuple(framed[:begin]), tuple(framed[begin + len(own) :])
    raise InteropError(f"{place}: its tokenizer does not read a text between fixed tokens; clearhead has no other way")


def _document(folder: Path, kind: str) -> str:
    path = folder / "spiece.model"
    if kind not in ("t5", "pegasus") or not path.is_file() or (folder / "tokenizer.json").is_file():
        return tokenizer_document(folder, kind)
    model = read_sentence_piece(read_file(path), str(path))
    pieces = [piece.text for piece in model.pieces]
    if kind == "pegasus":
        return sentence_piece(model, [*_BEFORE, *pieces[2:]], _BEFORE, between=(None, "</s>"))
    places = [f"<extra_id_{number}>" for number in reversed(range(_PLACES))]
    return sentence_piece(model, [*pieces, *places], places, between=(None, "</s>"))


def _marian_documents(folder: Path) -> tuple[str, str]:
    """Two files cut texts into pieces, whose ids one vocab.json tells, or one for each."""
    vocabularies = [folder / "vocab.json", folder / "target_vocab.json"]
    if not vocabularies[1].is_file():
        vocabularies[1] = vocabularies[0]
    documents = []
    for name, vocabulary in zip(("source.spm", "target.spm"), vocabularies, strict=True):
        model = read_sentence_piece(read_file(folder / name), str(folder / name))
        pieces = _by_id(vocabulary)
        special = [one for one in pieces if one in ("</s>", "<unk>", "<pad>") or _is_tag(one)]
        hidden = _of_the_other(pieces, model, special)
        documents.append(sentence_piece(model, pieces, special, between=(None, "</s>"), hidden=hidden))
    return documents[0], documents[1]


def _of_the_other(pieces: Sequence[str], model: SentencePieceModel, special: Sequence[str]) -> frozenset[str]:
    """Pieces of the other side's file alone, into which this side's texts are not cut.

    Characters in a row that this side's file lacks are looked up among them whole, as there.
    """
    own = {piece.text for piece in model.pieces}.union(special)
    return frozenset(one for one in pieces if one not in own)


def _is_tag(piece: str) -> bool:
    return _TAG.fullmatch(piece) is not None


def _by_id(path: Path) -> list[str]:
    ids = read_json(path)
    if sorted(ids.values(), key=str) != sorted(range(len(ids)), key=str):
        raise InteropError(f"{path} has other ids than 0 to {len(ids) - 1:,}, each once; copy it again")
    return sorted(ids, key=ids.__getitem__)
