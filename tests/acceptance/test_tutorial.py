"""The tutorial runs as written, and what it says it prints is printed."""

import csv
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"
TUTORIALS = TUTORIAL, TUTORIAL.with_suffix(".ko.md")


def blocks() -> list[tuple[str, str]]:
    """The tutorial's commands in order: (bash or python, text)."""
    return re.findall(r"^```(bash|python)\n(.*?)^```", TUTORIAL.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_tutorial_runs_as_written(tmp_path: Path) -> None:
    scripts = Path(sys.executable).parent
    # Beside another worker's tests two threads of a training wait for each other three times as long as they compute.
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}
    printed = []
    for language, text in blocks():
        command = [sys.executable, "-c", text] if language == "python" else ["bash", "-euo", "pipefail", "-c", text]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        printed.append(done.stdout + done.stderr)
    everything = "".join(printed)
    assert "did you mean steps?" in everything
    assert "Traceback" not in everything
    assert "the mean of 2 models of" in everything
    assert len((tmp_path / "plain.fr").read_text(encoding="utf-8").split("\n")) == len(
        (tmp_path / "text" / "test.plain.en-fr.en").read_text(encoding="utf-8").split("\n")
    )
    assert "torch.Size([4, 5])" in everything


def test_the_tutorial_has_commands_of_both_kinds() -> None:
    """Were the pattern to miss them, the test above would pass on nothing."""
    languages = [language for language, _ in blocks()]
    assert languages.count("bash") >= 8
    assert languages.count("python") == 2


@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda path: path.name)
@pytest.mark.parametrize(
    ("encoding", "separator", "changes"),
    [
        ("utf-8-sig", ",", {}),
        ("cp949", ",", {'encoding="utf-8-sig"': 'encoding="cp949"'}),
        (
            "utf-16",
            "\t",
            {'encoding="utf-8-sig"': 'encoding="utf-16"', "DictReader(file))": 'DictReader(file, delimiter="\t"))'},
        ),
    ],
)
def test_a_spreadsheet_becomes_four_files(
    tmp_path: Path, tutorial: Path, encoding: str, separator: str, changes: dict[str, str]
) -> None:
    """Of cells with separators, quotes and lines of their own, empty ones, short rows, and rows that stand twice."""
    rows = [["1", f"문장 {number}", f'One, "two"\n{number} '] for number in range(50)]
    odd = [["2", "", "No source"], ["3", "번역이 없음", " "], ["4"], ["5", "문장 7", 'One, "two" 7']]
    with (tmp_path / "pairs.csv").open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=separator).writerows([["no", "한국어", "English"], *rows, *odd])
    [code] = re.findall(r"^    import csv, random\n(?:    .*\n)+", tutorial.read_text(encoding="utf-8"), re.MULTILINE)
    for old, new in changes.items():
        assert old in code
        code = code.replace(old, new)
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], cwd=tmp_path, check=True)
    found = {
        part: list(
            zip(*((tmp_path / f"{part}.{of}").read_text("utf-8").splitlines() for of in ("ko", "en")), strict=True)
        )
        for part in ("train", "validate")
    }
    assert (len(found["train"]), len(found["validate"])) == (45, 5)
    assert {*found["train"], *found["validate"]} == {(f"문장 {number}", f'One, "two" {number}') for number in range(50)}
