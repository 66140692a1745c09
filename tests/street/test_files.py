"""The corpus on disk."""

from pathlib import Path

import pytest

from clearhead.errors import DataError
from clearhead.street import DIRECTIONS, PHENOMENA, file_names, generate, read_tests, write


def test_the_files_are_line_by_line(tmp_path: Path) -> None:
    """Every file of the interface, each pair of equal length, UTF-8 with LF, and a distance a line."""
    folder = tmp_path
    write(folder, 600, 3)
    stems = ["train", "validate", *(f"test.{name}" for name in PHENOMENA)]
    expected = {f"{stem}.{pair}.{side}" for stem in stems for pair in DIRECTIONS for side in pair.split("-")}
    expected |= {f"test.agreement.{pair}.distance" for pair in DIRECTIONS}
    assert {path.name for path in folder.iterdir()} == expected == file_names()
    for stem in stems:
        for pair in DIRECTIONS:
            sides = [(folder / f"{stem}.{pair}.{side}").read_bytes() for side in pair.split("-")]
            assert sides[0].count(b"\n") == sides[1].count(b"\n") > 0
            assert all(side.endswith(b"\n") and b"\r" not in side and b"\n\n" not in side for side in sides)
    lines = (folder / "train.fr-en.en").read_text(encoding="utf-8").splitlines()
    assert lines == [one.target for one in generate(600, 3).train if one.direction == "fr-en"]
    distances = (folder / "test.agreement.en-ko.distance").read_text().split()
    assert {int(number) for number in distances} == set(range(13))
    for test in read_tests(folder):
        examples = [
            one for one in generate(600, 3).test if (one.phenomenon, one.direction) == (test.phenomenon, test.direction)
        ]
        assert list(zip(test.sources, test.targets, strict=True)) == [(one.source, one.target) for one in examples]
        assert test.distances == ([one.distance for one in examples] if test.phenomenon == "agreement" else [])


def write_test(folder: Path, **files: str) -> None:
    for ending, text in files.items():
        (folder / f"test.agreement.en-fr.{ending}").write_text(text, encoding="utf-8")


def test_the_test_sets_that_are_there(tmp_path: Path) -> None:
    write_test(tmp_path, en="a\nb\n", fr="A\u2028A\nB\n", distance="4\n0\n")
    [test] = read_tests(tmp_path)
    assert (test.phenomenon, test.direction) == ("agreement", "en-fr")
    assert (test.sources, test.targets, test.distances) == (["a", "b"], ["A\u2028A", "B"], [4, 0])


@pytest.mark.parametrize(
    "files", [{"en": "a\n"}, {"en": "a\n", "fr": "A\nB\n"}, {"en": "a\n", "fr": "A\n", "distance": "far\n"},
              {"en": "a\n", "fr": "A\n", "distance": "1\n2\n"}],
)  # fmt: skip
def test_a_damaged_one(tmp_path: Path, files: dict[str, str]) -> None:
    write_test(tmp_path, **files)
    with pytest.raises(DataError, match=r"holds a damaged test.agreement.en-fr .*; remove the folder") as caught:
        read_tests(tmp_path)
    assert "\n" not in str(caught.value)
