"""`clearhead shortlist`, and the options that use what it writes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import SafetensorError

from clearhead.bundle import load, save_shortlist
from clearhead.decoding import Shortlist

Run = Callable[..., Any]


@pytest.fixture
def only_e(run_folder: Path, tmp_path: Path) -> Path:
    """A shortlist that lets every translation have the letter e alone; its model's pieces are the bytes."""
    tokenizer = load(run_folder).target_tokenizer
    letter = tokenizer.encode("e")
    shortlist = Shortlist(np.zeros(tokenizer.size + 1, np.int64), np.arange(0), np.array(letter), tokenizer.size)
    save_shortlist(shortlist, tmp_path / "e", tokenizer, tokenizer)
    return tmp_path / "e"


def test_it_is_learned_and_used(clearhead: Run, run_folder: Path, corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "shortlist.safetensors"
    result = clearhead("shortlist", run_folder, corpus / "train.en", corpus / "train.fr", "--out", out)
    assert (result.code, result.err) == (0, "")
    assert result.lines[0].startswith(f"{out}: ")
    assert "translations of 259 source pieces, 257 pieces for every sentence, of 259" in result.lines[0]
    # Of a vocabulary of bytes the list has all that may be written, so translations are the same.
    free, listed = (
        clearhead("translate", run_folder, "--n-best", *options, stdin=b"one two\nsix\n").lines
        for options in ((), ("--shortlist", out))
    )
    assert free == listed
    assert clearhead("translate", run_folder, "--shortlist", out, stdin=b"one\n").code == 0


def test_quiet(clearhead: Run, run_folder: Path, corpus: Path, tmp_path: Path) -> None:
    arguments = "shortlist", run_folder, corpus / "train.en", corpus / "train.fr", "--out", tmp_path / "s", "--quiet"
    assert clearhead(*arguments).out == b""
    assert (tmp_path / "s").is_file()


def test_it_decides_what_is_written(clearhead: Run, run_folder: Path, only_e: Path) -> None:
    for options in ((), ("--beam-size", 1), ("--sample",), ("--precision", "int8")):
        lines = clearhead("translate", run_folder, "--shortlist", only_e, *options, stdin=b"one\ntwo\n").lines
        assert set("".join(lines)) == {"e"}


def test_evaluating_with_it(clearhead: Run, run_folder: Path, corpus: Path, only_e: Path) -> None:
    """No reference is a row of the letter e."""
    files = corpus / "val.en", corpus / "val.fr"
    result = clearhead("evaluate", run_folder, *files, "--shortlist", only_e)
    assert result.code == 0
    assert "0.0 %" in result.lines[1]


def test_another_models(clearhead: Run, two_languages_folder: Path, only_e: Path) -> None:
    result = clearhead("translate", two_languages_folder, "--to", "fr", "--shortlist", only_e, stdin=b"one\n")
    assert (result.code, result.out) == (2, b"")
    assert result.err == (
        f"clearhead: the shortlist {only_e} was made for another model's pieces; make one for this with "
        "`clearhead shortlist`\n"
    )


def test_another_language(clearhead: Run, two_languages_folder: Path, corpus: Path, tmp_path: Path) -> None:
    files = corpus / "train.en", corpus / "train.fr"
    for to, code in (("fr", 0), ("de", 2)):
        made = clearhead("shortlist", two_languages_folder, *files, "--to", to, "--out", tmp_path / "s")
        assert made.code == code
    result = clearhead("translate", two_languages_folder, "--to", "en", "--shortlist", tmp_path / "s", stdin=b"one\n")
    assert result.code == 2
    assert "the shortlist is for translations into fr, not en" in result.err


def test_a_file_that_is_not_there(clearhead: Run, run_folder: Path, tmp_path: Path) -> None:
    result = clearhead("translate", run_folder, "--shortlist", tmp_path / "none", stdin=b"one\n")
    assert result.code == 2
    assert "none does not exist" in result.err
    assert result.err.count("\n") == 1


def test_a_place_that_cannot_be_written(clearhead: Run, run_folder: Path, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    files = corpus / "train.en", corpus / "train.fr"
    result = clearhead("shortlist", run_folder, *files, "--out", tmp_path / "file" / "s")
    assert result.code == 2
    assert result.err.count("\n") == 1


class TestWhatCannotBeWritten:
    """faults.md A17: a full disk was a traceback, as the library of tensors has an error of its own."""

    def refused(self, clearhead: Run, run_folder: Path, corpus: Path, out: Path, message: str) -> None:
        result = clearhead("shortlist", run_folder, corpus / "train.en", corpus / "train.fr", "--out", out)
        assert (result.code, result.out) == (2, b"")
        assert result.err == f"clearhead: {out}: {message}; check the path, its rights and the disk\n"

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
    def test_a_full_device(self, clearhead: Run, run_folder: Path, corpus: Path) -> None:
        self.refused(clearhead, run_folder, corpus, Path("/dev/full"), "No space left on device")

    def test_a_full_disk(
        self, clearhead: Run, run_folder: Path, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

        monkeypatch.setattr("clearhead.bundle.shortlist_file.save_file", full)
        self.refused(clearhead, run_folder, corpus, tmp_path / "s", "No space left on device")
        assert list(tmp_path.iterdir()) == []

    def test_a_folder(self, clearhead: Run, run_folder: Path, corpus: Path, tmp_path: Path) -> None:
        self.refused(clearhead, run_folder, corpus, tmp_path, "this is a folder; name a file in it")
