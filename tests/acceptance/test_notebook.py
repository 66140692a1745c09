"""docs/notebooks: each runs from top to bottom, and is kept without what it printed."""

import ast
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[2] / "docs" / "notebooks").glob("*.ipynb"))


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_kept_without_outputs(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    assert [(cell.outputs, cell.execution_count) for cell in code(notebook)] == [([], None)] * len(code(notebook))
    assert path.stat().st_size < 20_000
    assert notebook.cells[0].source.startswith("# ")


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_from_top_to_bottom(path: Path, tmp_path: Path) -> None:
    """A cell that raises fails the test; each one that ends with a picture or a page shows it."""
    notebook = read(path)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    for cell in code(notebook):
        kinds = {kind for output in cell.outputs for kind in output.get("data", {})}
        last = ast.unparse(ast.parse(cell.source).body[-1])
        if last.startswith("draw_"):
            assert "image/png" in kinds, last
        if last.startswith("clearhead.show"):
            assert "text/html" in kinds
    assert any("agree" in output.get("text", "") for cell in code(notebook) for output in cell.outputs)
    assert list(tmp_path.iterdir()) == []


def test_there_are_notebooks() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["seeing", "seeing.ko"]


def test_the_korean_notebook_computes_the_same() -> None:
    """faults.md D11: the notebook was in English only. Texts and the pictures' language differ, and nothing else."""
    english, korean = (code(read(path)) for path in NOTEBOOKS)
    assert [plain(cell.source) for cell in english] == [plain(cell.source) for cell in korean]
    markdown = [cell.source for cell in read(NOTEBOOKS[1]).cells if cell.cell_type == "markdown"]
    assert all(re.search("[가-힣]", source) for source in markdown)


def plain(source: str) -> str:
    """A cell's code without the texts that it prints and the language that it asks for."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            node.keywords = [one for one in node.keywords if one.arg != "language"]
            if ast.unparse(node.func) == "print":
                texts = [
                    part for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)
                ]
                for text in texts:
                    text.value = ""
    return ast.unparse(tree)
