"""No module imports another in a circle, imports inside of functions and those for type checkers counted.

An import inside of a function hides a circle from Python, and the layers say nothing of one within a room. It is there
all the same: neither module can be understood, or lifted out, without the other.
"""

import ast
import functools
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src"
Graph = Mapping[str, set[str]]


def modules(source: Path) -> dict[str, Path]:
    """Every module below a folder by its dotted name; a package by its own."""
    found = {}
    for path in source.rglob("*.py"):
        parts = path.relative_to(source).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path, name: str, known: Iterable[str]) -> set[str]:
    """What a module imports of the known ones, wherever in it the import stands."""
    package = name if path.stem == "__init__" else name.rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            home = ".".join(filter(None, (above, node.module)))
            # `from package import name`: a module of it, or what its `__init__` gives.
            found |= {full if (full := f"{home}.{one.name}") in known else home for one in node.names}
    return found & set(known) - {name}


@functools.cache
def graph(source: Path) -> dict[str, set[str]]:
    found = modules(source)
    return {name: imports(path, name, found) for name, path in found.items()}


def rooms(of: Graph) -> dict[str, set[str]]:
    """The same between folders: what clearhead.a.b imports is imported by clearhead.a."""
    room = {name: ".".join(name.split(".")[:2]) for name in of}
    found: dict[str, set[str]] = {one: set() for one in room.values() if "." in one}
    for name, others in of.items():
        if "." in name:
            found[room[name]] |= {room[one] for one in others if "." in one} - {room[name]}
    return found


def circle(of: Graph) -> list[str]:
    """The modules of one circle, each importing the next; none where there is no circle."""
    try:
        TopologicalSorter(of).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def test_modules() -> None:
    assert circle(graph(SOURCE)) == []


def test_rooms() -> None:
    assert circle(rooms(graph(SOURCE))) == []


def test_the_graph_is_the_packages() -> None:
    """What anybody can see in these files: imports at the top, in a function, and for type checkers."""
    found = graph(SOURCE)
    assert "clearhead.bundle.config_file" in found["clearhead.bundle.loading"]
    assert "clearhead.bundle.bundle" in found["clearhead.bundle.loading"]
    assert "clearhead.model" in found["clearhead.bundle.config_file"]
    assert "clearhead.street" in found["clearhead.cli.corpus"]


@pytest.mark.parametrize(
    "second",
    [
        "from package.first import thing", "from package import first", "import package.first as other",
        "def f():\n    from package.first import thing", "class C:\n    def f(self):\n        import package.first",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import package.first", "from ..first import thing",
        "from .. import first", "from package import thing",
    ],
)  # fmt: skip
def test_a_circle_is_found(tmp_path: Path, second: str) -> None:
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "__init__.py").write_text("from package.first import thing")
    (folder / "first.py").write_text("import os\n\n\ndef thing():\n    import package.second.deep")
    (folder / "second").mkdir()
    (folder / "second" / "__init__.py").write_text("")
    (folder / "second" / "deep.py").write_text(second)
    assert set(circle(graph(tmp_path))) >= {"package.first", "package.second.deep"}


def test_rooms_in_a_circle_of_four_modules(tmp_path: Path) -> None:
    """No module is in a circle, but their folders are."""
    for name, text in {
        "a/one": "import package.b.one",
        "b/one": "",
        "b/two": "import package.a.two",
        "a/two": "",
    }.items():
        path = tmp_path / "package" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert circle(graph(tmp_path)) == []
    assert set(circle(rooms(graph(tmp_path)))) == {"package.a", "package.b"}
