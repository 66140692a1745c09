"""What a tokenizer's file says of normalising is what we do."""

import json
import unicodedata

import pytest

from clearhead.text.folding import folded
from clearhead.text.library_normalizer import folding_document, normalizer


@pytest.mark.parametrize("text", ["l’eau\u00a0?", unicodedata.normalize("NFD", "각 é"), "👨‍👩‍👧 a\u200bb", "d´un", ""])
def test_it_is_the_same_text(text: str) -> None:
    assert normalizer(fold=True).normalize_str(text) == folded(text)
    assert normalizer(fold=False).normalize_str(text) == unicodedata.normalize("NFC", text)


def test_a_file_that_folds_is_known_by_it() -> None:
    assert folding_document()["type"] == "Sequence"
    assert folding_document()["normalizers"][0] == {"type": "NFC"}
    assert "\u2018" in json.dumps(folding_document(), ensure_ascii=False)
