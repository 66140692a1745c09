"""What files are together."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from clearhead.errors import DataError, UsageError
from clearhead.starting import find_corpus

LINES = [f"line {number} here" for number in range(30)]


def write(path: Path, lines: list[str]) -> Path:
    text = "".join(f"{line}\n" for line in lines)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def test_two_files(tmp_path: Path) -> None:
    """A pair with a blank side is none; bytes are those of both sides, each with its line end."""
    one = write(tmp_path / "a.en", ["", *LINES[1:]])
    other = write(tmp_path / "a.ko", ["네", *["가나"] * 29])
    found = find_corpus([one, other])
    assert (found.task, found.training, found.validation, found.columns) == ("translation", (one, other), (), ())
    assert (found.languages, found.examples, found.long) == (("en", "ko"), 29, 0)
    assert found.size == sum(len(line) + 1 for line in LINES[1:]) + 29 * 7


def test_what_is_said_of_languages_holds(tmp_path: Path) -> None:
    files = [write(tmp_path / name, LINES) for name in ("a.en", "a.ko")]
    assert find_corpus(files, ("fr", None)).languages == ("fr", "ko")


def test_files_to_validate_with(tmp_path: Path) -> None:
    files = [write(tmp_path / name, LINES) for name in ("val.en.gz", "train.en.gz", "train.fr.gz", "val.fr.gz")]
    found = find_corpus(files)
    assert [path.name for path in found.training] == ["train.en.gz", "train.fr.gz"]
    assert [path.name for path in found.validation] == ["val.en.gz", "val.fr.gz"]


def test_one_text_and_another_to_validate_with(tmp_path: Path) -> None:
    text, other = write(tmp_path / "book.txt", ["one", "", *LINES]), write(tmp_path / "book.dev.txt", LINES)
    alone, both = find_corpus([text]), find_corpus([text, other])
    assert (alone.task, alone.examples, alone.validation) == ("language-modelling", 31, ())
    assert (both.training, both.validation) == ((text,), (other,))


def test_a_file_that_is_named_so_alone_is_learned_from(tmp_path: Path) -> None:
    assert find_corpus([write(tmp_path / "dev.txt", LINES)]).task == "language-modelling"


def test_a_table_of_labels(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv.gz", ["text,label", *(f"{line},{number % 3}" for number, line in enumerate(LINES))])
    found = find_corpus([path])
    assert (found.task, found.columns, found.labels) == (
        "classification", ("text", "label"), {"0": 10, "1": 10, "2": 10},
    )  # fmt: skip


def test_a_table_of_pairs_by_any_name(tmp_path: Path) -> None:
    """Lines with tabs are a table whatever they are called."""
    path = write(tmp_path / "en-fr.txt", [f"{line}\t{line.upper()}" for line in LINES])
    found = find_corpus([path])
    assert (found.task, found.columns, found.languages) == ("translation", (1, 2), ("en", "fr"))


def test_objects_with_languages(tmp_path: Path) -> None:
    rows = [json.dumps({"translation": {"ko": f"{line} ko", "en": line}}) for line in LINES]
    found = find_corpus([write(tmp_path / "a.jsonl", rows)])
    assert (found.columns, found.languages) == (("translation.ko", "translation.en"), ("ko", "en"))


def test_one_column_that_is_asked_for_is_a_text(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", [f"{number}\t{line}" for number, line in enumerate(LINES)])
    assert (find_corpus([path], columns=(2,)).task, find_corpus([path], columns=(2,)).columns) == (
        "language-modelling", (2,),
    )  # fmt: skip


def test_long_examples_are_counted(tmp_path: Path) -> None:
    assert find_corpus([write(tmp_path / "a.txt", [*LINES, "x" * 481, "x" * 479])]).long == 1


class TestRefused:
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", r"a\.txt is empty \(0 lines\); expected a line or more"),
            (b"\n \n" * 30, r"a\.txt has 0 examples that are not blank, expected 20 or more"),
            (b"one\ntwo\n", r"a\.txt has 2 examples that are not blank, expected 20 or more; give more text"),
            (b"\x7fELF\x02\x01\x01\x00" + bytes(range(256)) * 8, r"a\.txt is a program; give a text file"),
            (b"a,b\n" * 30, r"a\.txt looks like a table: nearly every line has 2 columns, separated by a comma"),
        ],
    )
    def test_a_text(self, tmp_path: Path, content: bytes, message: str) -> None:
        (tmp_path / "a.txt").write_bytes(content)
        with pytest.raises(DataError, match=message):
            find_corpus([tmp_path / "a.txt"])

    def test_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=r"none\.en does not exist; check the path"):
            find_corpus([tmp_path / "none.en"])

    def test_files_of_other_lengths(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=r"a\.en has 30 lines but .*a\.fr has 29"):
            find_corpus([write(tmp_path / "a.en", LINES), write(tmp_path / "a.fr", LINES[1:])])

    @pytest.mark.parametrize(
        ("names", "message"),
        [
            (("a.en", "a.fr", "a.ko"), "are 3 files to learn from and 0 to validate with; expected one table"),
            (("a.en", "a.fr", "val.en"), "are 2 files to learn from and 1 to validate with"),
            (("a.en", "a.en"), "a file is named twice; name each once"),
            (("a.en", "a.tsv"), r"a\.tsv is a table, which has both sides of pairs; name it alone, or two plain files"),
        ],
    )
    def test_files_that_are_no_corpus(self, tmp_path: Path, names: tuple[str, ...], message: str) -> None:
        with pytest.raises(UsageError, match=message):
            find_corpus([write(tmp_path / name, LINES) for name in names])

    def test_columns_of_two_plain_files(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=r"--columns is for a table; leave it out, as .*a\.en has none"):
            find_corpus([write(tmp_path / name, LINES) for name in ("a.en", "a.fr")], columns=(1, 2))

    @pytest.mark.parametrize(
        ("head", "remedy"),
        [([], "shuf FILE > NEW"), (["text\tlabel"], "(head -n 1 FILE; tail -n +2 FILE | shuf) > NEW")],
    )
    def test_a_table_in_the_order_of_its_labels(
        self, tmp_path: Path, head: list[str], remedy: str, mixed: Callable[[list[str]], list[str]]
    ) -> None:
        """The last tenth of its rows would have one label alone. Mixed, it is taken."""
        rows = [f"{line}\t{int(number >= 15)}" for number, line in enumerate(LINES)]
        with pytest.raises(DataError, match="stands in the order of its labels, so that its last rows could") as caught:
            find_corpus([write(tmp_path / "a.tsv", [*head, *rows])])
        assert str(caught.value).endswith(f"as in {remedy}")
        assert find_corpus([write(tmp_path / "b.tsv", [*head, *mixed(rows)])]).task == "classification"

    @pytest.fixture
    def mixed(self) -> Callable[[list[str]], list[str]]:
        return lambda rows: [one for pair in zip(rows[:15], rows[15:], strict=True) for one in pair]
