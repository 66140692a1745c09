"""Lines that are a table and no sentences."""

import csv
import io
import subprocess
from pathlib import Path

import pytest

from clearhead.reading import find_table

SENTENCES = [
    "Hello, world",
    'He said "no"',
    "Good night",
    "a; b",
    "Yes, I do, thank you",
    "It is 5 o'clock",
    '"Go!" he said',
]


def exported(rows: list[list[str]], separator: str = ",", quoting: int = csv.QUOTE_MINIMAL) -> list[str]:
    """Rows as Python's writer of CSV, which follows Excel, writes them."""
    file = io.StringIO()
    csv.writer(file, delimiter=separator, quoting=quoting, lineterminator="\n").writerows(rows)
    return file.getvalue().splitlines()


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("header", [[], [["text"]]])
def test_one_column(separator: str, quoting: int, header: list[list[str]]) -> None:
    column = [[f"{line} {number}"] for number in range(6) for line in SENTENCES]
    found = find_table(exported(header + column, separator, quoting))
    assert found
    assert found.what == "looks like one column of a CSV file: its lines stand in quotes"


def test_the_remedy_takes_the_quotes_out(tmp_path: Path) -> None:
    """By sed itself, with the line as it is told."""
    (tmp_path / "FILE").write_text("\n".join(exported([[line] for line in SENTENCES])) + "\n")
    found = find_table((tmp_path / "FILE").read_text().splitlines() * 3)
    assert found
    command = found.remedy.partition("with ")[2]
    subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True)
    assert (tmp_path / "NEW").read_text().splitlines() == SENTENCES


@pytest.mark.parametrize("separator", ["\t", ",", ";", "|"])
@pytest.mark.parametrize("column", [0, 1])
def test_the_remedy_takes_each_column_out(tmp_path: Path, separator: str, column: int) -> None:
    """Line by line, by the shell itself, though a cell has lines of its own, quotes or spaces, and a row is short."""
    rows = [[f"one, {number}", f"un {number}"] for number in range(200)]
    rows[3:5] = [['He said "no"', 'Il a dit\n"non"'], ["two  spaces ", ""]]
    text = "\n".join(exported(rows, separator)) + "\none\n\nlast"
    (tmp_path / "FILE").write_text(text)
    found = find_table(text.splitlines()[:100])
    assert found
    command = (
        found.remedy.partition("as in ")[2].partition(" > FIRST")[0].replace("row[:1]", f"row[{column}:{column + 1}]")
    )
    assert "row[1:2] for the second" in found.remedy
    subprocess.run(["sh", "-c", f"{command} > FIRST"], cwd=tmp_path, check=True)
    expected = [" ".join(row[column].split()) for row in rows] + [["one", "", "last"], [""] * 3][column]
    assert (tmp_path / "FIRST").read_text().split("\n") == [*expected, ""]


@pytest.mark.parametrize("separator", ["\t", ",", ";", "|"])
def test_a_table_with_many_lines_in_its_cells(tmp_path: Path, separator: str) -> None:
    """Each fourth cell has two, so that few lines have all columns."""
    rows = [[f"one\n{number}" if number % 4 == 0 else "one", f"un, {number}"] for number in range(40)]
    (tmp_path / "FILE").write_text("\n".join(exported(rows, separator)) + "\n")
    found = find_table((tmp_path / "FILE").read_text().splitlines())
    assert found
    assert found.what.startswith("looks like a table: nearly every row has 2 columns, separated by ")
    command = found.remedy.partition("as in ")[2].partition(" > FIRST")[0]
    subprocess.run(["sh", "-c", f"{command} > FIRST"], cwd=tmp_path, check=True)
    assert (tmp_path / "FIRST").read_text().splitlines() == [row[0].replace("\n", " ") for row in rows]


def test_a_table_without_quotes_is_cut(tmp_path: Path) -> None:
    """`csv` would take the quotes of speech for its own."""
    (tmp_path / "FILE").write_text('"Go!" he said\t"Va !"\n' * 9)
    found = find_table((tmp_path / "FILE").read_text().splitlines())
    assert found
    command = found.remedy.partition("as in ")[2].replace(" and ", "; ")
    subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True)
    assert (tmp_path / "FIRST").read_text() == '"Go!" he said\n' * 9
    assert (tmp_path / "SECOND").read_text() == '"Va !"\n' * 9


@pytest.mark.parametrize(
    "lines",
    [
        SENTENCES * 5,
        ['"Go away!"', "He left.", '"No!"', '"Never!"', "She stayed", '"Why?"', "Hm"] * 3,
        ['"Yes," he said.', "Yes, he did.", '"Well, no."', '"Well, yes."', '"Oh, dear."', "So, then."] * 4,
        ['a "" b', "c"] * 9,
        ['"So, he said,', "I went, as I do.", 'No, no."', '"Or, as we say,', 'so."', "Then, he left."] * 9,
        ["one two"] * 9,
        ["", " "] * 9,
        ['"a, b"'] * 4,
    ],
)
def test_sentences(lines: list[str]) -> None:
    assert find_table(lines) is None
