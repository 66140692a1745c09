"""Sides of pairs: a file each, or the columns of one table."""

from pathlib import Path

import pytest

from clearhead.data import Filters, ParallelFiles, TableFile, prepare
from clearhead.data.sides import Column, check_side, read_side, read_sides, side_identity
from clearhead.errors import DataError
from clearhead.text import BytePairTokenizer

ROWS = "긴 글 하나\t하나\n\n긴 글 둘\t둘\n"


def pair_of(path: Path, columns: tuple[int | str, ...] = (1, 2), stop: float = 1.0) -> ParallelFiles:
    table = TableFile(path, columns, 0.0, stop)
    return ParallelFiles(Column(table, 0), Column(table, 1))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "a.tsv").write_text(ROWS, encoding="utf-8")
    return tmp_path / "a.tsv"


def test_columns_are_sides(table: Path) -> None:
    pair = pair_of(table)
    assert list(pair.pairs()) == [("긴 글 하나", "하나"), ("긴 글 둘", "둘")]
    assert list(read_side(pair.target)) == ["하나", "둘"]
    assert str(pair) == str(table)
    assert str(pair.target) == f"column 2 of {table}"
    assert list(pair_of(table, (2, 1)).pairs()) == [("하나", "긴 글 하나"), ("둘", "긴 글 둘")]
    assert list(pair_of(table, stop=0.5).pairs()) == [("긴 글 하나", "하나")]


def test_a_name_among_the_columns_makes_the_first_line_a_header_for_both(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("text\tsummary\nlong\tshort\n", encoding="utf-8")
    pair = pair_of(tmp_path / "a.tsv", ("text", 2))
    assert list(pair.pairs()) == [("long", "short")]
    assert [list(read_side(one)) for one in (pair.source, pair.target)] == [["long"], ["short"]]


def test_files_are_sides_as_before(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(f"{name}\n", encoding="utf-8")
    one, other = tmp_path / "a", tmp_path / "b"
    assert list(read_sides(one, other)) == [("a", "b")]
    assert list(read_side(one)) == ["a"]
    with pytest.raises(DataError, match="c does not exist"):
        check_side(tmp_path / "c")
    with pytest.raises(DataError, match="c does not exist"):
        check_side(pair_of(tmp_path / "c").source)


def test_what_a_side_holds_tells_its_columns_and_its_part(table: Path) -> None:
    sides = [pair_of(table), pair_of(table, (2, 1)), pair_of(table, stop=0.5)]
    assert len({side_identity(side) for pair in sides for side in (pair.source, pair.target)}) == 6
    assert side_identity(pair_of(table).source) == side_identity(pair_of(table).source)


def test_a_table_with_one_column_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("one\ntwo\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"a.tsv: line 1 has 1 column, expected 2 or more") as caught:
        list(pair_of(tmp_path / "a.tsv").pairs())
    assert "\n" not in str(caught.value)


def test_a_row_with_an_empty_summary_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("long\tshort\nlonger\t\n\u2028\tx\n", encoding="utf-8")
    tokenizer = BytePairTokenizer.learn(["-"], 259)
    corpus = prepare([pair_of(tmp_path / "a.tsv")], tokenizer, tokenizer, Filters(), False, tmp_path / "cache")
    assert (len(corpus), corpus.report.empty) == (1, 2)
    assert tokenizer.decode(corpus.target[0].tolist()) == "short"
