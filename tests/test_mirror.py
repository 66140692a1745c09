"""Tests mirror the source by path: src/clearhead/a/b.py ↔ tests/a/test_b.py.

A package's `__init__.py` only lists names, which is held here, so it needs no test of its own; it may have one, named
after the package (tests/a/test_a.py). Whole runs (tests/acceptance), the browser's tests (tests/browser) and what is
about the repository as a whole (REPOSITORY) stand for no module.
"""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
SOURCE = TESTS.parent / "src" / "clearhead"
REPOSITORY = {
    "test_mirror.py", "test_safety.py", "test_docs.py", "test_readme.py", "test_shapes.py", "test_circles.py",
    "test_without_torch.py", "test_house.py",
}  # fmt: skip
MODULES = sorted(path.relative_to(SOURCE) for path in SOURCE.rglob("*.py"))


def counterpart(module: Path) -> Path:
    name = module.parent.name if module.stem == "__init__" else module.stem.strip("_")
    return module.with_name(f"test_{name or 'clearhead'}.py")


@pytest.mark.parametrize("module", [one for one in MODULES if one.stem != "__init__"], ids=str)
def test_every_module_has_its_tests(module: Path) -> None:
    assert (TESTS / counterpart(module)).is_file()


def test_every_test_file_has_its_module() -> None:
    known = {counterpart(module) for module in MODULES} | {Path(name) for name in REPOSITORY}
    found = {path.relative_to(TESTS) for path in TESTS.rglob("test_*.py")}
    assert {path for path in found - known if path.parts[0] not in {"acceptance", "browser"}} == set()


@pytest.mark.parametrize("module", [one for one in MODULES if one.stem == "__init__"], ids=str)
def test_a_package_only_lists_names(module: Path) -> None:
    """A docstring, imports, those for type checkers too, and dunder names such as __all__."""
    for node in ast.parse((SOURCE / module).read_text(encoding="utf-8")).body:
        match node:
            case ast.Expr(ast.Constant(str())) | ast.Import() | ast.ImportFrom():
                continue
            case ast.If(ast.Name("TYPE_CHECKING"), body, []) if all(isinstance(one, ast.ImportFrom) for one in body):
                continue
            case ast.Assign([ast.Name(name)] | [ast.Tuple([ast.Name(name), *_])]) if name.startswith("__"):
                continue
        pytest.fail(f"{module}, line {node.lineno}: {ast.unparse(node)[:60]}")
