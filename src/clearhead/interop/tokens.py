"""The tokenizer of a model's folder: tokenizer.json as it is, or one of older files; and what its ids stand for."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from clearhead.errors import InteropError
from clearhead.interop.foreign import read_json
from clearhead.text import LibraryTokenizer, Roles
from clearhead.text.built import byte_pairs, sentence_piece, word_piece
from clearhead.text.sentence_piece import SentencePieceModel, read_sentence_piece

# What transformers calls each special token, in the order of preference.
_ROLES: Final = {
    "padding": ("pad_token",), "begin": ("cls_token", "bos_token"), "end": ("sep_token", "eos_token"),
    "unknown": ("unk_token",), "mask": ("mask_token",),
}  # fmt: skip
_BERT: Final = {
    "pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]",
}  # fmt: skip
_ROBERTA: Final = {
    "bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>", "pad_token": "<pad>",
    "unk_token": "<unk>", "mask_token": "<mask>",
}  # fmt: skip
_GPT2: Final = {"bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>"}
_T5: Final = {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
_LLAMA: Final = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
# The special tokens of each class where the folder does not name them.
_USUAL: Final[Mapping[str, Mapping[str, str]]] = {
    "bert": _BERT, "roberta": _ROBERTA, "xlm-roberta": _ROBERTA, "gpt2": _GPT2, "llama": _LLAMA, "t5": _T5,
    "marian": _T5, "pegasus": _T5,
}  # fmt: skip
_MOST_BYTES: Final = 64 << 20


def special_tokens(folder: Path, kind: str) -> dict[str, str]:
    """What a folder calls its special tokens: tokenizer_config.json first, then special_tokens_map.json, then usual."""
    found = dict(_USUAL.get(kind, {}))
    for name in ("special_tokens_map.json", "tokenizer_config.json"):
        if (folder / name).is_file():
            for key, value in read_json(folder / name).items():
                content = value.get("content") if isinstance(value, dict) else value
                if key.endswith("_token") and isinstance(content, str):
                    found[key] = content
    return found


def tokenizer_document(folder: Path, kind: str) -> str:
    """A tokenizer.json: the folder's own to the last byte, or one made of what it has instead."""
    if (folder / "tokenizer.json").is_file():
        return read_file(folder / "tokenizer.json").decode("utf-8", "replace")
    settings = read_json(folder / "tokenizer_config.json") if (folder / "tokenizer_config.json").is_file() else {}
    special = special_tokens(folder, kind)
    if kind == "bert" and (folder / "vocab.txt").is_file():
        return _of_word_pieces(folder, settings, special)
    if kind in ("gpt2", "roberta") and (folder / "vocab.json").is_file():
        return _of_byte_pairs(folder, settings, special, kind)
    for name in ("sentencepiece.bpe.model", "tokenizer.model") if kind in ("xlm-roberta", "llama") else ():
        if (folder / name).is_file():
            model = read_sentence_piece(read_file(folder / name), str(folder / name))
            return _of_xlm(model) if kind == "xlm-roberta" else _of_llama(model, settings)
    raise InteropError(
        f"{folder} has no tokenizer.json, nor the older files of its class; save its tokenizer by transformers "
        "(save_pretrained), or copy the folder whole"
    )


def roles_of(
    document: str, special: Mapping[str, str], settings: Mapping[str, Any], rows: int, start: int | None = None
) -> Roles:
    """What ids stand for. special: the names of special tokens. settings: a config.json, which may tell ids.

    start: of an encoder-decoder, what a target begins with, whatever begin a text has elsewhere.

    Where there is no begin it is the end, as in GPT-2, and padding, which no text has, is the end too.
    """
    ids = ids_of(document)
    found: dict[str, int | None] = {}
    for role, keys in _ROLES.items():
        named = [ids[special[key]] for key in keys if key in special and special[key] in ids]
        told = [settings.get(f"{key}_id") for key in keys]
        numbers = [one[0] if isinstance(one, list) and one else one for one in told]
        known = [one for one in numbers if type(one) is int and 0 <= one < rows]
        found[role] = next(iter([*named, *known]), None)
    end = found["end"] if found["end"] is not None else found["begin"]
    if end is None:
        raise InteropError(
            "the model's folder names no token that ends a text (sep_token, eos_token); copy tokenizer_config.json"
        )
    begin = start if start is not None else end if found["begin"] is None else found["begin"]
    padding = end if found["padding"] is None else found["padding"]
    mask = {} if found["mask"] is None else {"mask": found["mask"]}
    return Roles(padding, begin, end, _unknown(document, ids), rows, mask)


def begins_documents(tokenizer: LibraryTokenizer) -> bool:
    """Whether a text is read with begin before it, as the file's post-processor says."""
    return tokenizer.framed("a")[:1] == [tokenizer.begin]


def sample_difference(tokenizer: LibraryTokenizer, lines: Iterable[str]) -> tuple[int, int]:
    """How many lines there are, and of how many what is cut is not what was there: no text is lost but by the file."""
    texts = list(lines)
    kept = [tokenizer.decode(ids) == text for text, ids in zip(texts, tokenizer.encode_many(texts), strict=True)]
    return len(texts), kept.count(False)


def ids_of(document: str) -> dict[str, int]:
    """The ids of whole tokens."""
    values = json.loads(document)
    vocabulary = values["model"]["vocab"]
    if isinstance(vocabulary, list):  # Of a unigram model, with scores.
        vocabulary = {token: number for number, (token, _) in enumerate(vocabulary)}
    return {**vocabulary, **{one["content"]: one["id"] for one in values["added_tokens"]}}


def _unknown(document: str, ids: Mapping[str, int]) -> int | None:
    """What the model itself writes for what has no piece, which is told apart from a token that is only called so."""
    model = json.loads(document)["model"]
    if model.get("type") == "Unigram" or "unk_id" in model:
        found = model.get("unk_id")
        return found if type(found) is int else None
    return ids.get(str(model.get("unk_token")))


def _of_word_pieces(folder: Path, settings: Mapping[str, Any], special: Mapping[str, str]) -> str:
    lines = read_file(folder / "vocab.txt").decode("utf-8", "replace").split("\n")
    vocabulary = [line.removesuffix("\r") for line in (lines[:-1] if not lines[-1] else lines)]
    names = tuple(special[key] for key in _BERT)
    return word_piece(
        vocabulary, names, lowercase=settings.get("do_lower_case", True) is not False,
        strip_accents=settings.get("strip_accents"),
        chinese_characters=settings.get("tokenize_chinese_chars", True) is not False,
    )  # fmt: skip


def _of_byte_pairs(folder: Path, settings: Mapping[str, Any], special: Mapping[str, str], kind: str) -> str:
    vocabulary = read_json(folder / "vocab.json")
    merges = read_file(folder / "merges.txt").decode("utf-8", "replace")
    between = (special["cls_token"], special["sep_token"]) if kind == "roberta" else None
    names = [one for one in dict.fromkeys(special.values()) if one in vocabulary]
    adds_space = settings.get("add_prefix_space") is True
    return byte_pairs(vocabulary, merges, names, between=between, adds_space=adds_space)


def _of_xlm(model: SentencePieceModel) -> str:
    """Its ids begin with four of fairseq's, then come the file's from its fourth on; the last is the mask."""
    pieces = ["<s>", "<pad>", "</s>", "<unk>", *(piece.text for piece in model.pieces[3:]), "<mask>"]
    return sentence_piece(model, pieces, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"], between=("<s>", "</s>"))


def _of_llama(model: SentencePieceModel, settings: Mapping[str, Any]) -> str:
    begin = "<s>" if settings.get("add_bos_token", True) is not False else None
    end = "</s>" if settings.get("add_eos_token") is True else None
    return sentence_piece(model, between=(begin, end))


def read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise InteropError(f"{path} cannot be read ({error.strerror}); copy the model's folder again") from None
    if len(content) > _MOST_BYTES:
        raise InteropError(f"{path} is larger than {_MOST_BYTES:,} bytes; copy the model's folder again")
    return content
