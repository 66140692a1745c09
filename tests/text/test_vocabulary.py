"""Ids that are known, and files that can be read."""

from pathlib import Path

import numpy as np
import pytest

from clearhead.errors import TokenizerError
from clearhead.text.vocabulary import known_ids, no_tokenizer, read_text, write_text


def test_ids_become_numbers_and_others_are_refused() -> None:
    assert known_ids(np.array([0, 4]), 5) == [0, 4]
    with pytest.raises(TokenizerError, match=r"id 5 is not in this vocabulary of 5 \(0 to 4\)"):
        known_ids([5], 5)


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_text("é\n", tmp_path / "a.json")
    assert (tmp_path / "a.json").read_bytes() == b"\xc3\xa9\n"
    assert read_text(tmp_path / "a.json") == "é\n"


def test_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_bytes(b"\xff")
    for name in ("b.json", "none.json", "."):
        with pytest.raises(TokenizerError):
            read_text(tmp_path / name)
    assert str(no_tokenizer("x", KeyError("model"))).startswith("x is not a clearhead tokenizer (no 'model')")
