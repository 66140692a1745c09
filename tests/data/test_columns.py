"""Which columns a table has, before any is chosen."""

import json
from pathlib import Path

import pytest

from clearhead.data import columns_of, is_table, read_all_columns
from clearhead.errors import DataError


def test_cells_are_numbered(tmp_path: Path) -> None:
    """As many as the widest row has; a row that has fewer gets empty ones."""
    path = tmp_path / "a.tsv"
    path.write_text("a\tb\nc\td\te\n\nf\n", encoding="utf-8")
    assert columns_of(path) == (1, 2, 3)
    assert list(read_all_columns(path, (1, 2, 3))) == [("a", "b", ""), ("c", "d", "e"), ("f", "", "")]


def test_fields_that_all_objects_have(tmp_path: Path) -> None:
    """A list is no text; of an object in an object the fields count."""
    rows = [{"id": 1, "translation": {"en": "a", "fr": "b"}, "tags": ["x"]}, {"translation": {"en": "c", "fr": None}}]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    assert columns_of(path) == ("translation.en", "translation.fr")
    assert list(read_all_columns(path, columns_of(path))) == [("a", "b"), ("c", "")]


def test_lists_are_numbered(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('["a", "b"]\n["c", "d"]\n', encoding="utf-8")
    assert columns_of(path) == (1, 2)


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": "b"}\nnonsense\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"line 1 is an object, whose fields have names|line 2 is no JSON"):
        columns_of(path)


def test_a_memory_has_languages(tmp_path: Path) -> None:
    """Those of most units first."""
    unit = '<tu><tuv xml:lang="{0}"><seg>a</seg></tuv><tuv xml:lang="ko"><seg>b</seg></tuv></tu>'
    path = tmp_path / "a.tmx"
    body = unit.format("en-US") + unit.format("fr")
    path.write_text(f'<?xml version="1.0"?><tmx version="1.4"><body>{body}</body></tmx>', encoding="utf-8")
    assert columns_of(path) == ("ko", "en-us", "fr")


def test_a_parquet_file_has_names(tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    rows = {"id": [1], "translation": [{"en": "a", "fr": "b"}], "tags": [["x"]]}
    parquet.write_table(arrow.table(rows), tmp_path / "a.parquet")
    assert columns_of(tmp_path / "a.parquet") == ("id", "translation.en", "translation.fr")
    (tmp_path / "b.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError, match="is no whole Parquet file"):
        columns_of(tmp_path / "b.parquet")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.tsv", True), ("a.CSV.gz", True), ("a.xlsx", True), ("a.jsonl.zst", True), ("a.txt", False), ("tsv", False)],
)
def test_tables_by_their_names(name: str, expected: bool) -> None:
    assert is_table(Path(name)) is expected
