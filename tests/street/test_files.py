"""The corpus on disk."""

from pathlib import Path

from clearhead.street import DIRECTIONS, PHENOMENA, file_names, generate, write


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
