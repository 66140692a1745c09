"""`clearhead data`, with a table of the test's and no network: fetching is tested in tests/starting."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clearhead.starting import fetching, public
from clearhead.starting.public import PublicCorpus

Run = Callable[..., Any]


@pytest.fixture
def numbers(monkeypatch: pytest.MonkeyPatch) -> PublicCorpus:
    """The one corpus that is known, of which each file is there at once."""
    known = next(iter(public.CORPORA.values()))
    corpus = dataclasses.replace(known, what="numbers", licence="anybody's")

    def fetch(corpus: PublicCorpus, folder: Path, doing: Callable[[str], None]) -> None:
        folder.mkdir()
        for file in corpus.files:
            doing(f"fetching {file.name}")
            (folder / file.name).write_bytes(b"")

    monkeypatch.setattr(public, "CORPORA", {"numbers": corpus})
    monkeypatch.setattr(fetching, "fetch_corpus", fetch)
    return corpus


def test_they_are_listed(clearhead: Run, numbers: PublicCorpus) -> None:
    assert clearhead("data").lines == ["numbers         numbers (anybody's)"]


def test_what_to_type_next(
    clearhead: Run, numbers: PublicCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = clearhead("data", "numbers")
    assert (result.code, result.err, result.lines[0]) == (0, "", "numbers: numbers (anybody's)")
    files = " ".join(f"numbers/{name}" for name in numbers.begin)
    assert result.lines[1].endswith(f" init {files}")
    assert {path.name for path in (tmp_path / "numbers").iterdir()} == {file.name for file in numbers.files}


def test_quiet(clearhead: Run, numbers: PublicCorpus, tmp_path: Path) -> None:
    result = clearhead("data", "numbers", "--out", tmp_path / "a", "--quiet")
    assert (result.code, result.out, result.err) == (0, b"", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "'nothing' is no corpus that clearhead knows; choose numbers, or name your own files to"),
        (["--out", "{tmp}/a"], "is for one corpus; name it, as in clearhead data numbers"),
        (["numbers", "--out", "{tmp}"], "exists and stays as it is; name a new folder by --out"),
        (["numbers", "--out", "{tmp}/mine.txt"], "mine.txt exists and stays as it is; name a new folder by --out"),
        (["numbers", "--out", "{tmp}/mine.txt/a"], "cannot be made into a folder (Not a directory)"),
    ],
)
def test_refused_in_one_line(
    clearhead: Run, numbers: PublicCorpus, tmp_path: Path, arguments: list[str], message: str
) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    result = clearhead("data", *[one.format(tmp=tmp_path) for one in arguments])
    assert (result.code, result.out, result.err.count("\n")) == (2, b"", 1)
    assert message in result.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
