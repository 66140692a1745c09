"""The README's examples run as written and print what stands below them (faults.md B3 and D12)."""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from clearhead.cli.commands import COMMANDS

ROOT = Path(__file__).parents[1]
READMES = ("README.md", "README.ko.md")


def blocks(readme: str, language: str) -> list[str]:
    text = (ROOT / readme).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands(readme: str) -> list[tuple[str, str]]:
    """Each command after a `$ ` with the lines that it is said to print."""
    whole = "".join(blocks(readme, "console"))
    return re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", whole, re.MULTILINE)


@pytest.mark.parametrize("readme", READMES)
def test_its_commands_print_what_it_says(readme: str, tmp_path: Path) -> None:
    scripts = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    found = commands(readme)
    assert len(found) >= 5
    for command, expected in found:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert (command, done.returncode, done.stdout) == (command, 0, expected), done.stderr
    assert (tmp_path / "student.html").stat().st_size > 100_000


@pytest.mark.parametrize("readme", READMES)
def test_its_python_prints_what_it_says(readme: str) -> None:
    (session,) = blocks(readme, "pycon")
    example = doctest.DocTestParser().get_doctest(session, {}, readme, readme, 0)
    assert len(example.examples) >= 6
    assert doctest.DocTestRunner().run(example).failed == 0


def test_both_languages_show_the_same_examples() -> None:
    assert commands("README.md") == commands("README.ko.md")
    english, korean = (re.sub("#.*", "", blocks(readme, "pycon")[0]) for readme in READMES)
    assert english == korean


@pytest.mark.parametrize("readme", READMES)
def test_every_command_has_its_row(readme: str) -> None:
    rows = re.findall(r"^\| `clearhead (\w+)", (ROOT / readme).read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(COMMANDS)


@pytest.mark.parametrize("readme", READMES)
def test_what_takes_seconds_stands_first(readme: str) -> None:
    """faults.md D12: minutes of training were asked for before anything was shown."""
    first = (ROOT / readme).read_text(encoding="utf-8").split("\n## ")[:2]
    pictures = re.findall(r"!\[.+\]\((.+)\)", first[0])
    assert pictures
    assert all((ROOT / picture).is_file() for picture in pictures)
    places = [first[1].find(command) for command in ("clearhead look", "clearhead translate street", "clearhead demo")]
    assert places == sorted(places)
    assert places[0] > 0
