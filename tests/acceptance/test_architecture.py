"""docs/architecture.md: what it names is there, and no file stands twice on a way."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
WAYS = {
    name: re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|", part, re.MULTILINE)
    for name, part in re.findall(r"^## The way of `([^`]+)`\n(.*?)(?=^## )", TEXT, re.MULTILINE | re.DOTALL)
}


def test_both_ways_are_told() -> None:
    assert list(WAYS) == ["clearhead translate", "clearhead train"]
    assert all(len(steps) > 15 for steps in WAYS.values())
    # Each row of a way is one of these.
    assert sum(map(len, WAYS.values())) == len(re.findall(r"^\|\s*`[^`]+\.\w+`\s*\|\s*`", TEXT, re.MULTILINE))


@pytest.mark.parametrize("way", WAYS)
def test_each_function_is_in_its_file(way: str) -> None:
    for file, function in WAYS[way]:
        source = (ROOT / "src" / "clearhead" / file).read_text(encoding="utf-8")
        pattern = rf"^\s*(def|class) {function}\b" if file.endswith(".py") else rf"^\w.*\b{function}\("
        assert re.search(pattern, source, re.MULTILINE), f"{file}: {function}"


@pytest.mark.parametrize("way", WAYS)
def test_no_file_is_visited_twice(way: str) -> None:
    files = [file for file, _ in WAYS[way]]
    assert len(files) == len(set(files))


def test_every_other_file_that_is_named_is_there() -> None:
    for name in re.findall(r"`([a-z_/]+\.(?:py|c|h))`", TEXT):
        place = ROOT if name.startswith("tests/") else ROOT / "src" / "clearhead"
        assert (place / name).is_file(), name


def test_the_layers_are_those_that_are_checked() -> None:
    """In the order of pyproject.toml's contract, folder by folder."""
    contract = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (layers,) = re.findall(r'type = "layers".*?layers = \[(.*?)\]', contract, re.DOTALL)
    expected = [set(re.findall(r"\w+", line)) for line in re.findall(r'"([^"]+)"', layers)]
    drawing = re.search(r"```text\n(.*?)```", TEXT, re.DOTALL)
    assert drawing is not None
    lines = [re.split(r"\s{3,}", line.strip())[0] for line in drawing[1].splitlines() if line.strip() not in ("", "↓")]
    assert [set(re.findall(r"\w+", line)) for line in lines] == expected
