"""What of a text file is a document."""

import gzip
from pathlib import Path

import pytest

from clearhead.data import TableFile, TextFile, read_all, read_documents
from clearhead.errors import DataError

TEXT = "\ufeffone\ntwo\n\n \nthree\n\nfour\nfive"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path / "a.txt"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("file", ["one\ntwo\n\n \nthree\n\nfour\nfive\n"]),
        ("paragraph", ["one\ntwo", "three", "four\nfive"]),
        ("line", ["one", "two", "three", "four", "five"]),
    ],
)
def test_each_kind(path: Path, kind: str, expected: list[str]) -> None:
    assert list(read_documents(TextFile(path, kind))) == expected


def test_gzip_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"one\r\ntwo\n"))
    assert list(read_documents(TextFile(tmp_path / "a.gz"))) == ["one\ntwo\n"]


@pytest.mark.parametrize("kind", ["file", "paragraph", "line"])
def test_two_parts_are_the_whole(path: Path, kind: str) -> None:
    whole = list(read_documents(TextFile(path, kind)))
    parts = [list(read_documents(TextFile(path, kind, *part))) for part in ((0.0, 0.7), (0.7, 1.0))]
    assert all(parts)
    if kind == "file":
        assert ["".join(parts[0] + parts[1])] == whole
        assert len(parts[0][0]) == int(len(whole[0]) * 0.7)
    else:
        assert parts[0] + parts[1] == whole


def test_a_blank_part_is_no_document(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a\n\n\n\n\n\n")
    assert list(read_documents(TextFile(tmp_path / "a", start=0.5))) == []


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for kind in ("file", "line"):
        with pytest.raises(DataError, match="does not exist"):
            list(read_documents(TextFile(tmp_path / "b.txt", kind)))


def test_the_cells_of_a_column(tmp_path: Path) -> None:
    """None of them is blank; a share is one of the rows, as of a file's lines."""
    path = tmp_path / "a.tsv"
    path.write_text("1\tone\n2\t \n3\ttwo\n4\tthree\n")
    assert list(read_documents(TableFile(path, (2,)))) == ["one", "two", "three"]
    assert list(read_documents(TableFile(path, (2,), start=0.5))) == ["two", "three"]
    assert list(read_all([TableFile(path, (2,)), TableFile(path, (1,), stop=0.25)])) == ["one", "two", "three", "1"]
