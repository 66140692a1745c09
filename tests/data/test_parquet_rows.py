"""Parquet: columns by name and number, and what is refused."""

import importlib
from pathlib import Path

import pytest

from clearhead.data.tables import TableFile, read_table
from clearhead.errors import DataError


def test_a_missing_package_is_named_with_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", fail)
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"is a Parquet file, .* with: pip install 'clearhead\[parquet\]'$"):
        list(read_table(TableFile(tmp_path / "a.parquet", ("en",))))


def test_rows_of_many_groups(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = importlib.import_module("pyarrow.parquet")
    rows = [{"id": n, "translation": {"en": f"{n} en", "fr": f"{n}\nfr"}, "none": None} for n in range(3000)]
    path = tmp_path / "a.parquet"
    parquet.write_table(arrow.Table.from_pylist(rows), path, row_group_size=700)
    expected = [(f"{n} fr", f"{n} en") for n in range(3000)]
    assert list(read_table(TableFile(path, ("translation.fr", "translation.en")))) == expected
    assert next(read_table(TableFile(path, (1, 3)))) == ("0", "")
    for columns, message in (
        (("de",), "has no column 'de'; it has id, translation, none; name another"),
        ((4,), "has no column 4"),
        (("translation",), "row 1: translation is an object, expected a text"),
    ):
        with pytest.raises(DataError, match=message):
            list(read_table(TableFile(path, columns)))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(
        DataError, match=r"a.parquet is no whole Parquet file \(.+\); fetch or write it again"
    ) as caught:
        list(read_table(TableFile(path, (1,))))
    assert "\n" not in str(caught.value)
