"""What is probably a mistake in training files is a warning each (faults.md C1)."""

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from clearhead.data import ParallelFiles
from clearhead.data.doubts import file_doubts

ENGLISH = [f"word {number} and, perhaps, {'more ' * (number % 3)}" for number in range(40)]
FRENCH = [f"mot {number}{', donc' * (number % 4)}" for number in range(40)]


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


class Files:
    """Forty pairs to train on and ten others."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.training = self.pair("train", slice(0, 30))
        self.validation = self.pair("val", slice(30, 40))

    def pair(self, name: str, lines: slice) -> ParallelFiles:
        one, other = write(self.folder / f"{name}.en", ENGLISH[lines]), write(self.folder / f"{name}.fr", FRENCH[lines])
        return ParallelFiles(one, other, "en", "fr")

    def doubts(self) -> list[str]:
        return list(file_doubts([self.training], [self.validation], tags=False))


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_good_files_give_none(files: Files) -> None:
    assert files.doubts() == []


def test_a_file_that_is_both_sides(files: Files) -> None:
    files.training = ParallelFiles(files.folder / "train.en", files.folder / ".." / files.folder.name / "train.en")
    (said,) = files.doubts()
    assert said.startswith(
        f"{files.folder / 'train.en'} is both the source and the target, so the model learns to copy"
    )


def test_a_copy_as_the_other_side(files: Files) -> None:
    """16 of 30, more than half; 15 are none."""
    write(files.folder / "train.fr", ENGLISH[:16] + FRENCH[16:30])
    (said,) = files.doubts()
    assert said.startswith(f"16 of 30 pairs of {files.training} are the same on both sides")
    write(files.folder / "train.fr", ENGLISH[:15] + FRENCH[15:30])
    assert files.doubts() == []


def test_validation_pairs_that_are_trained_on(files: Files) -> None:
    files.validation = files.pair("val", slice(28, 38))
    (said,) = files.doubts()
    assert said.startswith(f"2 of 10 validation pairs of {files.validation} are trained on, too")
    files.validation = files.training
    (said,) = files.doubts()
    assert said.startswith("30 of 30 validation pairs")


def test_the_same_source_with_another_translation_is_not_shared(files: Files) -> None:
    write(files.folder / "val.en", ENGLISH[:10])
    assert files.doubts() == []


@pytest.mark.parametrize(
    ("separator", "name"),
    [("\t", "a tab"), (",", "a comma"), (";", "a semicolon"), ("|", "a vertical bar")],
)
def test_a_table_is_told(files: Files, separator: str, name: str) -> None:
    """As a spreadsheet writes it: with quotes where a cell holds the separator."""
    rows = [
        f'"{one}{separator} yes"{separator}{other.split(",")[0]}' for one, other in zip(ENGLISH, FRENCH, strict=True)
    ]
    write(files.folder / "train.en", ["English" + separator + "French", *rows[:29]])
    (said,) = files.doubts()
    assert said.startswith(
        f"{files.folder / 'train.en'} looks like a table: nearly every line has 2 columns, separated"
    )
    assert f"by {name}, " in said


def test_a_table_as_both_sides_is_told_what_it_is_and_how_to_give_it(files: Files) -> None:
    """It was told that the model learns to copy."""
    table = write(files.folder / "pairs.tsv", [f"{one}\t{other}" for one, other in zip(ENGLISH, FRENCH, strict=True)])
    files.training = ParallelFiles(table, table)
    said, *same = files.doubts()
    assert said == (
        f"{table} is both the source and the target, and looks like a table: nearly every line has 2 columns, "
        "separated by a tab: a table is not read by its columns here; name it as one, as in "
        f"{{table: {table}, columns: [1, 2]}}"
    )
    assert [line.split(" pairs of")[0] for line in same] == []


def test_a_column_with_a_spreadsheets_quotes_is_told(files: Files) -> None:
    """Its quotes were learned as text without a word."""
    write(files.folder / "train.en", [f'"{line}"' if "," in line else line for line in ENGLISH[:30]])
    (said,) = files.doubts()
    assert said.startswith(
        f"{files.folder / 'train.en'} looks like one column of a CSV file: its lines stand in quotes,"
    )
    assert said.endswith("""take them out with sed -e 's/^"\\(.*\\)"$/\\1/' -e 's/""/"/g' FILE > NEW""")


def test_validation_the_wrong_way_round(files: Files) -> None:
    """It went unnoticed."""
    right = files.validation
    files.validation = ParallelFiles(right.target, right.source, "en", "fr")
    (said,) = files.doubts()
    assert said == (
        f"{files.validation} is the wrong way round: its source is in the language of {files.training.target}, and its "
        f"target in that of {files.training.source}; exchange source and target"
    )


def test_files_in_the_scripts_of_each_others_languages(files: Files) -> None:
    """Where training and validation are turned alike, one does not tell of the other. Those that are right stay so."""
    one, other = files.folder / "train.en", write(files.folder / "train.ko", ["강아지가 길을 건넜다"] * 30)
    right, turned = ParallelFiles(one, other, "en", "ko"), ParallelFiles(other, one, "en", "ko")
    assert not [line for line in file_doubts([right], [right], tags=False) if "wrong way" in line]
    for training, validation in ((turned, turned), (turned, right), (right, turned)):
        [said] = [line for line in file_doubts([training], [validation], tags=False) if "wrong way" in line]
        assert said == (
            f"{turned} is the wrong way round: its source is written as ko is, and its target as en is; exchange "
            "source and target, or from and to"
        )
    third = ParallelFiles(write(files.folder / "train.ru", ["Собака перешла дорогу"] * 30), other, "en", "ko")
    assert not [line for line in file_doubts([third], [right], tags=False) if "wrong way" in line]


def test_training_files_that_contradict_each_other(files: Files) -> None:
    part, held = files.pair("part", slice(20, 30)), files.pair("held", slice(30, 40))
    files.training = files.pair("train", slice(0, 20))
    other = ParallelFiles(part.target, part.source, "en", "fr")
    (said,) = file_doubts([files.training, other], [held], tags=True)
    assert said.startswith(f"{other} is the wrong way round")


def test_both_directions_by_their_names(files: Files) -> None:
    """What is to be translated either way is not swapped."""
    back = ParallelFiles(files.training.target, files.training.source, "fr", "en")
    held = ParallelFiles(files.validation.target, files.validation.source, "fr", "en")
    assert list(file_doubts([files.training, back], [files.validation, held], tags=True)) == []
    (said,) = file_doubts([files.training, back], [files.validation, held], tags=False)
    assert said.startswith("data.train translates into fr, en, and nothing tells the model which one is wanted")


def test_a_side_that_is_blank(files: Files) -> None:
    """16 of 30, more than half; 15 are none."""
    write(files.folder / "train.fr", [""] * 15 + ["\u200b", *FRENCH[16:30]])
    (said,) = files.doubts()
    assert said.startswith(f"16 of 30 pairs of {files.training} have a blank side and are left out")
    write(files.folder / "train.fr", [""] * 15 + FRENCH[15:30])
    assert files.doubts() == []


CHANGES = {
    "a space at the end": lambda text: f"{text} ",
    "a space at the start": lambda text: f"\u00a0{text}",
    "two spaces": lambda text: text.replace(" ", "  "),
    "capitals": str.upper,
    "another normal form": lambda text: unicodedata.normalize("NFD", text),
    "a carriage return": lambda text: f"{text}\r",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_copy_that_differs_in_what_is_not_seen(files: Files, change: Callable[[str], str]) -> None:
    """faults.md C1: one more space at each end of a line, and a copy trained without a word."""
    lines = [f"déjà {line}" for line in ENGLISH[:30]]
    write(files.folder / "train.en", lines)
    write(files.folder / "train.fr", [change(line) for line in lines])
    (said,) = files.doubts()
    assert said.startswith(f"30 of 30 pairs of {files.training} are the same on both sides")
    write(files.folder / "train.fr", FRENCH[:30])
    write(files.folder / "val.en", [change(line) for line in lines[:10]])
    write(files.folder / "val.fr", FRENCH[:10])
    (said,) = files.doubts()
    assert said.startswith("10 of 10 validation pairs")


@pytest.mark.parametrize("form", ['"{}", "{}"', '"{}",  "{}, or ""so"""'])
def test_a_table_with_a_space_after_the_comma(files: Files, form: str) -> None:
    """faults.md C1."""
    pairs = zip(ENGLISH[:30], FRENCH[:30], strict=True)
    write(files.folder / "train.en", [form.format(*pair) for pair in pairs])
    (said,) = files.doubts()
    assert "looks like a table: nearly every line has 2 columns, separated by a comma" in said


@pytest.mark.parametrize("form", ["{}|||{}", "{} ||| {}"])
def test_a_table_with_three_bars(files: Files, form: str) -> None:
    """faults.md C1."""
    write(files.folder / "train.en", [form.format(*pair) for pair in zip(ENGLISH[:30], FRENCH[:30], strict=True)])
    (said,) = files.doubts()
    assert "looks like a table: nearly every line has 2 columns, separated by |||, and" in said


@pytest.mark.parametrize("form", ["{}", "{},"])
def test_json_lines_are_told(files: Files, form: str) -> None:
    """faults.md C1."""
    pairs = zip(ENGLISH[:30], FRENCH[:30], strict=True)
    write(files.folder / "train.en", [form.format(json.dumps({"en": one, "fr": other})) for one, other in pairs])
    (said,) = files.doubts()
    assert said.startswith(f"{files.folder / 'train.en'} looks like JSON Lines: ")


@pytest.mark.parametrize("line", ['"Yes", he said, "{}."', "[{}]", "{{{}", "a | {}", 'He said, "{}"', "{}, no, yes"])
def test_sentences_are_no_table(files: Files, line: str) -> None:
    write(files.folder / "train.en", [line.format(number) for number in "abcdefghijklmnopqrstuvwxyzäöüß"])
    assert files.doubts() == []


def test_line_ends_of_old_macs_among_others(files: Files) -> None:
    """faults.md B8: what follows the CR is learned as the same sentence."""
    for name, lines in (("en", ENGLISH[:30]), ("fr", FRENCH[:30])):
        (files.folder / f"train.{name}").write_bytes("\r\n".join([*lines, ""]).encode())
    assert files.doubts() == []
    changed = [f"{line}\rThanks" if number in {6, 9} else line for number, line in enumerate(ENGLISH[:30], start=1)]
    (files.folder / "train.en").write_bytes("\r\n".join([*changed, ""]).encode())
    (said,) = files.doubts()
    assert said.startswith(
        f"{files.folder / 'train.en'} has a CR between the words of a line (2 times, first in line 6)"
    )
