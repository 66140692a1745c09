"""Workbooks: the first sheet's rows, and what is refused."""

import importlib
from pathlib import Path

import pytest

from clearhead.data.tables import TableFile, read_table
from clearhead.errors import DataError


def test_a_missing_package_is_named_with_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", fail)
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04")
    with pytest.raises(DataError, match=r"is a workbook, .* with: pip install 'clearhead\[xlsx\]'$"):
        list(read_table(TableFile(tmp_path / "a.xlsx", (1, 2))))


def test_rows_of_the_first_sheet(tmp_path: Path) -> None:
    library = pytest.importorskip("openpyxl")
    workbook = library.Workbook()
    for row in (
        ["English", "한국어", "n"],
        ["one\ntwo", "하나", 1],
        [None, None],
        ["three", None, True],
        ["four", "넷"],
    ):
        workbook.active.append(row)
    workbook.create_sheet("other").append(["not", "this"])
    path = tmp_path / "a.xlsx"
    workbook.save(path)
    expected = [("하나", "one two"), ("", "three"), ("넷", "four")]
    assert list(read_table(TableFile(path, ("한국어", "English")))) == expected
    assert list(read_table(TableFile(path, (2, 1), header=True))) == expected
    assert list(read_table(TableFile(path, (3,)))) == [("n",), ("1",), ("TRUE",), ("",)]
    with pytest.raises(DataError, match="line 1 has 3 columns, expected 4 or more"):
        list(read_table(TableFile(path, (4,))))


@pytest.mark.parametrize("content", [b"", b"one,two\n", b"PK\x03\x04" + bytes(99)])
def test_no_workbook(tmp_path: Path, content: bytes) -> None:
    pytest.importorskip("openpyxl")
    (tmp_path / "a.xlsx").write_bytes(content)
    with pytest.raises(DataError, match=r"is no workbook that can be read .*; save it again as \.xlsx") as caught:
        list(read_table(TableFile(tmp_path / "a.xlsx", (1,))))
    assert "\n" not in str(caught.value)
