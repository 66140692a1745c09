"""What must appear nowhere in the package, since it runs what a file or a user says."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "clearhead"
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
CALLS = {
    "eval", "exec", "compile", "__import__", "torch.load", "torch.save", "numpy.load", "np.load", "os.system",
    "os.popen", "yaml.load", "yaml.full_load", "yaml.unsafe_load",
}  # fmt: skip


def dangers(code: str) -> list[str]:
    """What in this code is banned, with its line."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, one.name) for one in node.names if one.name.split(".")[0] in MODULES]
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{one.name}" for one in node.names]
            found += [(node.lineno, name) for name in names if name.split(".")[0] in MODULES or name in CALLS]
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            shell = any(one.arg == "shell" and ast.unparse(one.value) != "False" for one in node.keywords)
            found += [(node.lineno, name)] if name in CALLS or shell else []
    return [f"line {line}: {name}" for line, name in found]


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_nothing_dangerous(path: Path) -> None:
    assert dangers(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "code",
    [
        "import pickle", "from pickle import loads", "torch.load(path)", "from torch import load", "eval('1')",
        "exec(code)", "yaml.load(text)", "subprocess.run(command, shell=True)", "np.load(path, allow_pickle=True)",
    ],
)  # fmt: skip
def test_the_search_finds(code: str) -> None:
    assert len(dangers(code)) == 1


@pytest.mark.parametrize("code", ["model.eval()", "yaml.safe_load(text)", "load(path)", "run(command, shell=False)"])
def test_the_search_passes(code: str) -> None:
    assert dangers(code) == []
