"""New tokens that an adapter brings: which they are, by the tokenizer.json beside it, and room for them in a model."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import torch

from clearhead.bundle import Bundle
from clearhead.errors import InteropError, TokenizerError
from clearhead.interop.adapter_files import TOKENIZER
from clearhead.interop.foreign import read_json
from clearhead.interop.layer_names import OUTPUT_BIAS, TABLES
from clearhead.model.config import TransformerConfig
from clearhead.tasks import Model, task_for
from clearhead.text import LibraryTokenizer, Tokenizer

_FLAGS: Final = ("special", "normalized", "single_word", "lstrip", "rstrip")


def grown_tokenizer(bundle: Bundle, folder: Path) -> Tokenizer:
    """The model's tokenizer with the tokens that only the folder's has; the model's own where there are none.

    Raises InteropError where they would have other ids here, or where a model has two vocabularies.
    """
    path, own = folder / TOKENIZER, bundle.source_tokenizer
    if not path.is_file():
        return own
    added = _added(path)
    known = own.token_ids([one["content"] for one in added])
    new = [one for one in added if known[one["content"]] is None]
    if not new:
        return own
    if own is not bundle.target_tokenizer:
        raise InteropError(f"{path} has new tokens, such as {new[0]['content']!r:.60}, but the model two vocabularies")
    new.sort(key=lambda one: one["id"])
    if isinstance(own, LibraryTokenizer):
        grown: Tokenizer = own.with_added([{name: one[name] for name in ("content", *_FLAGS)} for one in new])
    else:
        grown = _with_plain(own, new, path)
    found = grown.token_ids([one["content"] for one in new])
    for one in new:
        if found[one["content"]] != one["id"]:
            raise InteropError(
                f"{path}: the token {one['content']!r:.60} is number {one['id']}, but would be {found[one['content']]} "
                "after the model's own; name the model that it was trained for"
            )
    return grown


def _with_plain(own: Tokenizer, new: Sequence[Mapping[str, Any]], path: Path) -> Tokenizer:
    """A tokenizer of ours with tokens that are plain texts."""
    for one in new:
        if flags := [name for name in ("single_word", "lstrip", "rstrip") if one[name]]:
            raise InteropError(
                f"{path}: the token {one['content']!r:.60} has {flags[0]}=true, which clearhead cannot take for a "
                "tokenizer of its own; expected false"
            )
    texts, symbols = ([one["content"] for one in new if one["special"] == kind] for kind in (False, True))
    try:
        return own.with_tokens(texts, symbols)
    except TokenizerError as error:
        raise InteropError(f"{path}: {error}") from None


def _added(path: Path) -> list[Mapping[str, Any]]:
    """A tokenizer.json's tokens beside its vocabulary."""
    added = read_json(path).get("added_tokens")
    wanted = {"id": int, "content": str, **dict.fromkeys(_FLAGS, bool)}
    if not isinstance(added, list) or not all(
        isinstance(one, dict) and all(type(one.get(name)) is kind for name, kind in wanted.items()) for one in added
    ):
        raise InteropError(f"{path} is no tokenizer.json of Hugging Face's (its added_tokens); get the adapter again")
    return added


@torch.no_grad()
def grown(bundle: Bundle, size: int) -> Model:
    """The same model with tables of so many tokens. New rows are not set yet; a new token's number in a bias is 0."""
    config = bundle.config
    names = ("source_vocabulary", "target_vocabulary") if isinstance(config, TransformerConfig) else ("vocabulary",)
    larger = dataclasses.replace(config, **dict.fromkeys(names, size))
    model, own = task_for(larger).new_model(larger), dict(bundle.model.named_parameters())
    for name, parameter in model.named_parameters():
        if name in TABLES or name == OUTPUT_BIAS:
            parameter.zero_()
        parameter[: len(own[name])] = own[name]
    return model.eval()
