"""JSON lines: which fields a line gives as text, and what is refused."""

import json
import lzma
from pathlib import Path

import pytest

from clearhead.data.tables import TableFile, read_table
from clearhead.errors import DataError


def _file(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8", newline="")
    return folder / name


def test_fields_of_json_lines_by_name(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "translation": {"en": "one\ntwo", "fr": "un"}, "a.b": True},
        {"translation": {"en": None, "fr": 2.5}, "a.b": "\ud800x"},
    ]
    text = "\n\n".join(map(json.dumps, rows)) + "\n"
    expected = [("un", "one two", "true"), ("2.5", "", "\ufffdx")]
    columns = ("translation.fr", "translation.en", "a.b")
    assert list(read_table(TableFile(_file(tmp_path, "a.jsonl", text), columns))) == expected
    (tmp_path / "A.NDJSON.xz").write_bytes(lzma.compress(text.encode()))
    assert list(read_table(TableFile(tmp_path / "A.NDJSON.xz", columns))) == expected


def test_lists_of_json_lines_by_number(tmp_path: Path) -> None:
    path = _file(tmp_path, "a.jsonl", '["a", "b"]\n["c", "d"]\n')
    assert list(read_table(TableFile(path, (2,)))) == [("b",), ("d",)]
    assert list(read_table(TableFile(path))) == [("a", "b"), ("c", "d")]


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        ('{"a": 1}\n{"a": 1\n', ("a",), r"line 2 is no JSON \(.+\); a .jsonl file has an object on each line"),
        ("[" * 100_000 + "\n", ("a",), "line 1 is no JSON"),
        ('{"a": 1}\n\n{"b": 1}\n', ("a",), "line 3 has no field 'a'; it has b; correct it, or name another"),
        ('{"t": {"en": 1, "fr": 2}}\n', ("en",), "line 1 has no field 'en'; it has t.en, t.fr;"),
        ('{"en": 1}\n', (1, 2), r"line 1 is an object, .* it has en; name those to read by columns: \[FIRST, SECOND\]"),
        ('{"en": 1}\n', (), "line 1 is an object, whose fields have names and no numbers"),
        ('["a"]\n', (1, 2), "line 1 is a list of 1, which has no 2"),
        ('{"t": {"en": 1}}\n', ("t",), "line 1: t is an object, expected a text"),
        ("5\n", ("t",), "line 1 is 5, expected an object"),
    ],
)
def test_json_lines_that_are_refused(tmp_path: Path, text: str, columns: tuple[int | str, ...], message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        list(read_table(TableFile(_file(tmp_path, "a.jsonl", text), columns)))
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path))
