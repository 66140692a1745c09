"""Packages whose names are imported when they are first asked for."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import clearhead
from clearhead.lazy import lazy_names

SOURCE = Path(clearhead.__file__).parent
LAZY = sorted(path for path in SOURCE.rglob("__init__.py") if "= lazy_names(" in path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return ".".join(("clearhead", *path.parent.relative_to(SOURCE).parts))


def for_type_checkers(path: Path) -> set[tuple[str, str]]:
    """(home, name) of each import under TYPE_CHECKING."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    assert len(imports) == len(block.body)
    return {(str(node.module), one.name) for node in imports for one in node.names}


def at_run_time(path: Path) -> set[tuple[str, str]]:
    """(home, name) of what is given to `lazy`."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    (homes,) = (ast.literal_eval(call.args[1]) for call in calls if ast.unparse(call.func) == "lazy_names")
    return {(f"{name_of(path)}.{home}", name) for home, names in homes.items() for name in names}


@pytest.mark.parametrize("path", LAZY, ids=name_of)
def test_type_checkers_see_what_is_there(path: Path) -> None:
    found = at_run_time(path)
    assert for_type_checkers(path) == found
    assert {name for _, name in found} == set(importlib.import_module(name_of(path)).__all__)


@pytest.mark.parametrize("path", LAZY, ids=name_of)
def test_each_name_is_what_its_home_calls_so(path: Path) -> None:
    package = importlib.import_module(name_of(path))
    for home, name in at_run_time(path):
        assert getattr(package, name) is getattr(importlib.import_module(home), name)
    assert set(package.__all__) <= set(dir(package))


def test_no_name_is_a_modules_too() -> None:
    """Such a name is a function or a module, by what was imported before; so that of a package and of what it holds."""
    packages = {path: importlib.import_module(name_of(path)) for path in SOURCE.rglob("__init__.py")}
    clashes = [
        f"{package.__name__}.{name}"
        for path, package in packages.items()
        for name in modules_in(path.parent)
        if name in getattr(package, "__all__", ()) or not isinstance(vars(package).get(name), ModuleType | None)
    ]
    assert clashes == []


def modules_in(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/__init__.py")}


@pytest.mark.parametrize("package", [*map(name_of, LAZY), "clearhead.native", "clearhead.cli.commands"])
def test_importing_it_imports_no_torch(package: str) -> None:
    """In a process of its own, as this one has imported it; and of each name, only what needs it does."""
    assert loaded_by(f"import {package}") == []


def test_what_needs_torch_imports_it() -> None:
    assert loaded_by("import clearhead; clearhead.load_recipe, clearhead.attention")[0] == "torch"
    assert loaded_by("import clearhead; clearhead.load, clearhead.ClearheadError") == []


def loaded_by(code: str) -> list[str]:
    """Which of the packages that take long this code imports."""
    heavy = "['torch', 'numpy', 'pydantic', 'rich', 'sacrebleu', 'tokenizers', 'yaml']"
    show = f"import sys; print(*(one for one in {heavy} if one in sys.modules))"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{show}"], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_an_unknown_name() -> None:
    find, _ = lazy_names("clearhead", {"errors": ("ClearheadError",)})
    with pytest.raises(AttributeError, match=r"module 'clearhead' has no attribute 'Transformer'"):
        find("Transformer")
    assert not hasattr(clearhead, "Transformer")
