"""From a tokenizer's file to the tokenizer: what the file says decides of which kind it is."""

import json
from pathlib import Path

from clearhead.text.byte_pair import BytePairTokenizer
from clearhead.text.characters import KIND, CharacterTokenizer
from clearhead.text.library_tokenizer import KIND as LIBRARY
from clearhead.text.library_tokenizer import LibraryTokenizer, roles_path
from clearhead.text.tokenizer import Tokenizer
from clearhead.text.vocabulary import read_text


def load_tokenizer(path: Path) -> Tokenizer:
    """Read what a tokenizer's `save` wrote. Raises TokenizerError where the file is missing or is no tokenizer."""
    if roles_path(path).is_file():
        return LibraryTokenizer.load(path)
    return tokenizer_from_json(read_text(path), str(path))


def tokenizer_from_json(text: str, name: str = "this tokenizer") -> Tokenizer:
    """Rebuild a tokenizer of any kind from its `to_json`; errors call it `name`."""
    if (kind := _kind(text)) == LIBRARY:
        return LibraryTokenizer.from_json(text, name)
    return (CharacterTokenizer if kind == KIND else BytePairTokenizer).from_json(text, name)


def _kind(text: str) -> object:
    """What the text says of itself; those of byte pairs are in a form of Hugging Face's, which says nothing."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document.get("kind") if isinstance(document, dict) else None
