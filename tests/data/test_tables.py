"""Tables: which cells a row gives, and what is refused."""

import gzip
import lzma
from pathlib import Path

import pytest

from clearhead.data.tables import TableFile, read_table, read_tables
from clearhead.errors import DataError


def _file(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8", newline="")
    return folder / name


def test_cells_stand_between_tabs(tmp_path: Path) -> None:
    path = _file(tmp_path, "a.tsv", '보일러 껐니\t0\n\n"그래", 했다\t4\tx\r\n')
    assert list(read_table(TableFile(path, (1, 2)))) == [("보일러 껐니", "0"), ('"그래", 했다', "4")]
    assert list(read_table(TableFile(path, (2, 1)))) == [("0", "보일러 껐니"), ("4", '"그래", 했다')]


def test_all_columns_are_those_that_a_row_has(tmp_path: Path) -> None:
    path = _file(tmp_path, "a.tsv", "a\tb\t\t\nc\t\td\ne\n")
    assert list(read_table(TableFile(path))) == [("a", "b"), ("c", "", "d"), ("e",)]


def test_columns_by_the_names_in_the_first_line(tmp_path: Path) -> None:
    path = _file(tmp_path, "a.tsv", "id\ttext \tlabel\n1\tone\tyes\n")
    assert list(read_table(TableFile(path, ("text", 3)))) == [("one", "yes")]
    with pytest.raises(DataError, match=r"has the column 'kind' not in its first line \(id, text, label\); name"):
        list(read_table(TableFile(path, ("kind",))))
    other = _file(tmp_path, "a.csv", "en;fr\none;un\n")
    with pytest.raises(DataError, match=r"line \(en;fr\), but 2 by a semicolon: save it as CSV UTF-8 with commas"):
        list(read_table(TableFile(other, ("en", "fr"))))
    whole = _file(tmp_path, "a.json", '[\n{"en": "one", "fr": "un"}]\n')
    with pytest.raises(DataError, match=r"line \(\[\), which looks like JSON: write it as \.jsonl, an object a line"):
        list(read_table(TableFile(whole, ("en", "fr"))))
    twice = _file(tmp_path, "b.tsv", "a\ta\n1\t2\n")
    with pytest.raises(DataError, match="has the column 'a' twice"):
        list(read_table(TableFile(twice, ("a",))))


def test_a_header_of_columns_by_number_is_no_row(tmp_path: Path) -> None:
    path = _file(tmp_path, "a.csv", "en,fr\none,un\n")
    assert list(read_table(TableFile(path, (1, 2), header=True))) == [("one", "un")]
    assert list(read_table(TableFile(path, (1, 2)))) == [("en", "fr"), ("one", "un")]


def test_commas_and_quotes_in_a_csv_file(tmp_path: Path) -> None:
    text = 'text,label\n"one, ""two""\nthree",yes\n,\nfour,no\n'
    expected = [('one, "two" three', "yes"), ("four", "no")]
    assert list(read_table(TableFile(_file(tmp_path, "a.csv", text), ("text", "label")))) == expected
    packed = tmp_path / "A.CSV.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    assert list(read_table(TableFile(packed, ("text", "label")))) == expected
    packed = tmp_path / "b.csv.xz"
    packed.write_bytes(lzma.compress(text.encode()))
    assert list(read_table(TableFile(packed, ("text", "label")))) == expected


def test_what_a_table_holds_tells_its_ending_and_its_header(tmp_path: Path) -> None:
    """The same bytes are other cells."""
    paths = [_file(tmp_path, name, '["a", "b"]\n["c", "d"]\n') for name in ("a.tsv", "a.csv", "a.jsonl")]
    files = [TableFile(path, (1, 2), header=header) for path in paths for header in (False, True)]
    assert len({one.identity for one in files}) == len(files)
    assert (
        TableFile(paths[0], (1, 2)).identity
        == TableFile(_file(tmp_path, "b.txt", paths[0].read_text()), (1, 2)).identity
    )


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.tsv", "a\tb\nc\n", "a.tsv: line 2 has 1 column, expected 2 or more, separated by a tab; correct it"),
        ("a.csv", "a,b\nc\n", "a.csv: line 2 has 1 column, expected 2 or more, separated by a comma"),
        ("a.csv", 'a,b\n"c,d\n', "a.csv: line 2 is no row of a CSV file"),
        ("a.csv", 'a,b\n"c"d,e\n', "a.csv: line 2 is no row of a CSV file"),
        ("a.tsv", "", "is empty"),
        ("a.tsv", "\n \n", "a.tsv: there are no rows; check the file"),
    ],
)
def test_what_is_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        list(read_tables([TableFile(_file(tmp_path, name, text), (1, 2))]))
    assert "\n" not in str(caught.value)


def test_a_cell_that_is_too_long_for_the_reader_is_refused(tmp_path: Path) -> None:
    path = _file(tmp_path, "a.csv", f"{'a' * 200_000},b\n")
    with pytest.raises(DataError, match="line 1 is no row of a CSV file"):
        list(read_table(TableFile(path, (1, 2))))


def test_a_share_is_kept_back(tmp_path: Path) -> None:
    path = _file(tmp_path, "a.tsv", "".join(f"{n}\tx\n\n" for n in range(10)))
    parts = [list(read_table(TableFile(path, (1,), *part))) for part in ((0.0, 0.8), (0.8, 1.0))]
    assert parts == [[(str(n),) for n in range(8)], [("8",), ("9",)]]
    short = _file(tmp_path, "b.tsv", "a\tb\n")
    with pytest.raises(DataError, match="too short to keep a share of it back"):
        list(read_tables([TableFile(short, (1,), 0.0, 0.9)]))


KOREAN = "".join(f"{n},오늘은 날씨가 정말 좋습니다,나는 학교에 갔다\n" for n in range(30))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a.csv",
            KOREAN.encode("utf-16"),
            r"a.csv is in UTF-16, expected UTF-8; convert it with iconv -f UTF-16 -t UTF-8",
        ),
        (
            "a.tsv",
            KOREAN.encode("utf-16-le"),
            r"a.tsv is in UTF-16LE \(without .*\), .*; convert it with iconv -f UTF-16LE",
        ),
        (
            "a.csv",
            KOREAN.encode("cp949"),
            r"a.csv: line 1 is not UTF-8 .*CP949 \(Korean Windows\): convert it with iconv",
        ),
        (
            "a.jsonl",
            b'{"a": "Fran\xe7ais d\xe9j\xe0"}\n',
            r"a.jsonl: line 1 is not UTF-8 .* iconv -f LATIN1 -t UTF-8 FILE",
        ),
        (
            "a.csv.xz",
            lzma.compress(KOREAN.encode("cp949")),
            r"convert it with xz -d -c FILE \| iconv -f CP949 -t UTF-8 > NEW$",
        ),
        (
            "a.tmx",
            b'<tmx><body><tu><tuv lang="fr"><seg>d\xe9j\xe0 vu</seg></tuv></tu></body></tmx>',
            "a.tmx: line 1 is no XML",
        ),
        (
            "a.tmx",
            b'<?xml version="1.0" encoding="cp949"?><tmx><body/></tmx>',
            r"a.tmx is in CP949, as it declares; convert it with iconv -f CP949 -t UTF-8 FILE > NEW, and declare that",
        ),
    ],
)
def test_an_encoding_is_named_with_its_command(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    """None is ever guessed in silence: a guess that is wrong would ruin a corpus."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        list(read_table(TableFile(tmp_path / name, ("a", "b"))))
    assert "\n" not in str(caught.value)


def test_a_semicolon_between_cells_is_named(tmp_path: Path) -> None:
    path = _file(tmp_path, "a.csv", "one;un\ntwo;deux\n")
    with pytest.raises(
        DataError, match=r"line 1 has 1 column, .* by a comma, but 2 by a semicolon: save it as CSV UTF-8"
    ):
        list(read_table(TableFile(path, (1, 2))))
