"""Laws of the house that no import contract can say."""

import ast
from pathlib import Path

import clearhead

SOURCE = Path(clearhead.__file__).parent
RUNTIMES = {"Runtime", "CompiledRuntime", "EagerRuntime", "CudaRuntime", "CompiledState", "EagerState", "CudaState"}


def test_nobody_asks_which_runtime_it_is() -> None:
    """What differs between runtimes is in them; whoever asks would write the next one's case too."""
    asked = [
        f"{path.name}, line {node.lineno}"
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"isinstance", "issubclass", "type"}
        and RUNTIMES & {one.id for argument in node.args[1:] for one in ast.walk(argument) if isinstance(one, ast.Name)}
    ]
    assert asked == []


def test_no_signature_has_several_runtimes() -> None:
    """One protocol stands for all of them."""
    unions = [
        f"{path.name}, line {node.lineno}"
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.BitOr)
        and len(RUNTIMES & {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}) > 1
    ]
    assert unions == []
