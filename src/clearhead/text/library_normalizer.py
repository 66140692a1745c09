"""How Hugging Face's library is told to normalise a text, as a tokenizer's file holds it."""

import json
from functools import cache
from typing import Any

import tokenizers
from tokenizers import normalizers

from clearhead.text.folding import FIRST, THEN


def normalizer(fold: bool) -> normalizers.Normalizer:
    """NFC; with `fold`, `folded` in the library's own terms."""
    if not fold:
        return normalizers.NFC()
    first, then = (
        [normalizers.Replace(tokenizers.Regex(pattern), content) for pattern, content in rules]
        for rules in (FIRST, THEN)
    )
    return normalizers.Sequence([normalizers.NFC(), *first, normalizers.NFC(), *then])


@cache
def folding_document() -> Any:
    """What folds as a tokenizer's file has it."""
    library = tokenizers.Tokenizer(tokenizers.models.BPE())
    library.normalizer = normalizer(fold=True)
    return json.loads(library.to_str())["normalizer"]
