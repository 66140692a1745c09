"""docs/coming-from.md: every command, option, key and file of ours that it names is there, in both languages alike."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.main import get_command

from clearhead.cli.commands import application
from clearhead.recipe import Recipe
from clearhead.recipe.elsewhere import CALLED_ELSEWHERE
from clearhead.recipe.explaining import _all_keys

DOCS = Path(__file__).parents[2] / "docs"
PAGES = "coming-from.md", "coming-from.ko.md"
KEYS = {*_all_keys(Recipe)}
SECTIONS = {key.partition(".")[0] for key in KEYS if "." in key}
OPTIONS = {
    name: {option for parameter in command.params for option in parameter.opts}
    for name, command in get_command(application()).commands.items()  # type: ignore[attr-defined]
}
KEY = re.compile(r"([a-z]+(?:\.[a-z_]+)+)(?:: (.+))?")


def lines(page: str) -> list[str]:
    return (DOCS / page).read_text(encoding="utf-8").splitlines()


def cells(page: str) -> list[tuple[str, str]]:
    """Theirs and ours, row by row."""
    rows = [line.strip("| ").split(" | ") for line in lines(page) if line.startswith("| ")]
    assert all(len(row) == 2 for row in rows)
    return [(theirs, ours) for theirs, ours in rows if ours != "clearhead"]


def marked(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def in_prose(page: str) -> list[str]:
    """Ours alone: what is another toolkit's stands there without its section."""
    found = [one for line in lines(page) if not line.startswith("|") for one in marked(line)]
    shown = [line.strip() for line in lines(page) if line.startswith("    ")]
    ours = [one for one in found if one.startswith("clearhead ") or (one.partition(".")[0] in SECTIONS and "." in one)]
    return [*shown, *ours]


def ours(page: str) -> list[str]:
    return [*(one for _, cell in cells(page) for one in marked(cell)), *in_prose(page)]


NAMED = sorted({*ours(PAGES[0])})
COMMANDS = [one for one in NAMED if one.startswith("clearhead ")]
SET = [one for one in NAMED if KEY.fullmatch(one) and one.partition(".")[0] in SECTIONS]
FILES = [one for one in NAMED if one not in {*COMMANDS, *SET}]


def test_it_names_enough() -> None:
    """Were a pattern to miss them, the tests below would pass on nothing."""
    assert len(COMMANDS) > 30
    assert len(SET) > 60
    assert len(FILES) > 5
    assert len([line for line in lines(PAGES[0]) if line.startswith("## ")]) == 6


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_has_its_options(line: str) -> None:
    name, *rest = line.split()[1:]
    assert name in OPTIONS
    assert {one for one in rest if one.startswith("-")} <= OPTIONS[name]


@pytest.mark.parametrize("setting", SET)
def test_a_key_is_one_and_takes_the_value(setting: str, make_recipe: Callable[..., Recipe]) -> None:
    found = KEY.fullmatch(setting)
    assert found
    key, value = found.groups()
    assert key in KEYS
    if value:
        beside = ["model.from=street"] if key == "model.lora" else []
        make_recipe(*beside, f"{key}={value}")


@pytest.mark.parametrize("named", FILES)
def test_a_file_is_in_a_run(named: str, run_folder: Path) -> None:
    """Or it is a variable of the environment, of which another test holds the list."""
    environment = (DOCS / "reference" / "environment.md").read_text(encoding="utf-8")
    there = (run_folder / named.replace("step-1000", "step-120")).exists()
    assert there or f"| `{named}` |" in environment


def test_both_languages_name_the_same() -> None:
    """In the same rows; in prose a sentence may turn."""
    english, korean = ([[*map(marked, row)] for row in cells(page)] for page in PAGES)
    assert [ours for _, ours in english] == [ours for _, ours in korean]
    assert [sorted(theirs) for theirs, _ in english] == [sorted(theirs) for theirs, _ in korean]
    assert sorted(in_prose(PAGES[0])) == sorted(in_prose(PAGES[1]))


@pytest.mark.parametrize("name", CALLED_ELSEWHERE)
def test_what_an_error_calls_by_our_name_has_its_row(name: str) -> None:
    """The page and the errors of a recipe say the same of another toolkit's names."""
    key = CALLED_ELSEWHERE[name]
    form = re.compile(rf"(?<![\w-])(?:--)?{name.replace('_', '[-_]')}(?![\w-])")
    assert any(form.search(theirs) and key in ours for theirs, ours in cells(PAGES[0]))
