"""Matrices from a file."""

import gzip
from fractions import Fraction
from pathlib import Path

import pytest

from clearhead.byhand.matrices import read_matrices
from clearhead.errors import DataError, UsageError


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_json(tmp_path: Path) -> None:
    path = written(tmp_path, "own.json", '{"X": [[1, -2], [0.1, "1/3"]]}')
    assert read_matrices(path) == {"X": [[1, -2], [Fraction(1, 10), Fraction(1, 3)]]}


def test_csv(tmp_path: Path) -> None:
    path = written(tmp_path, "own.csv", "\ufeffX,,\n1,2,\n\n3,0.5,\nb1\n-1\n")
    assert read_matrices(path) == {"X": [[1, 2], [3, Fraction(1, 2)]], "b1": [[-1]]}


def test_semicolons_separate_too(tmp_path: Path) -> None:
    assert read_matrices(written(tmp_path, "own.csv", "X\n1;2\n3;4\n")) == {"X": [[1, 2], [3, 4]]}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", "{", "is not JSON"),
        ("a.json", '{"X": [[1/3]]}', 'write fractions in quotes, as in "1/3"'),
        ("a.json", "[[1]]", "does not name its matrices; write"),
        ("a.json", "{}", "holds no matrix; write"),
        ("a.json", '{"X": [1]}', "X is not made of rows; write"),
        ("a.json", '{"X": [[1, 2], [3]]}', "row 2 of X is 1 long but row 1 is 2; make all rows equally long"),
        ("a.json", '{"X": [[true]]}', 'X holds True, which is no number; write 3, -2, 0.5 or "1/3"'),
        ("a.json", '{"X": [["two"]]}', "in X, 'two' is not a number; write 3, -2, 0.5 or 1/3"),
        ("a.json", '{"X": [[NaN]]}', "X holds nan, which is no number"),
        ("a.csv", "1,2\n", "line 1: a row stands before any name; write"),
        ("a.json", '{"X": [[123456]]}', "X holds a number too long for a pencil; stay below 10,000"),
        ("a.json", '{"X": [[1e-9]]}', "X holds a number too long for a pencil; stay below 10,000"),
        ("a.csv", "X\n", "X is not made of rows; write"),
    ],
)
def test_what_is_no_matrix(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        read_matrices(written(tmp_path, name, text))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot be read \(No such file or directory\); check the path"):
        read_matrices(tmp_path / "none.json")


UTF16 = '{"X": [[1, 2]]}\n'.encode("utf-16")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (UTF16, "is in UTF-16, expected UTF-8; convert it with iconv -f UTF-16 -t UTF-8 FILE > NEW"),
        (
            "가,나\n안녕하세요 여러분\n".encode("cp949") * 9,
            "it looks like CP949 (Korean Windows): convert it with iconv",
        ),
        (b"PK\x03\x04" + bytes(26) + b"xl/workbook.xml", "is a workbook; save its sheet as text: File > Save As > CSV"),
        (b"X\n1,\xff2\n", "line 2 is not UTF-8 (byte 0xFF at 3)"),
    ],
)
def test_what_is_no_text_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    """By the one reader of text files, so that it is told what the file is, and the command that helps."""
    (tmp_path / "own.csv").write_bytes(content)
    with pytest.raises(DataError) as error:
        read_matrices(tmp_path / "own.csv")
    assert message in str(error.value)
    assert str(error.value).startswith(f"--matrix {tmp_path / 'own.csv'}")
    assert "\n" not in str(error.value)


def test_gzip_is_read(tmp_path: Path) -> None:
    (tmp_path / "own.csv.gz").write_bytes(gzip.compress(b"X\r\n1,2\r\n"))
    with pytest.raises(UsageError, match="is not JSON"):
        read_matrices(tmp_path / "own.csv.gz")
    (tmp_path / "own.csv").write_bytes(gzip.compress(b"X\r\n1,2\r\n"))
    assert read_matrices(tmp_path / "own.csv") == {"X": [[1, 2]]}
