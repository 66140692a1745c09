"""Laws of the house that no import contract can say."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import clearhead

SOURCE = Path(clearhead.__file__).parent
RUNTIMES = {"Runtime", "CompiledRuntime", "EagerRuntime", "CudaRuntime", "CompiledState", "EagerState", "CudaState"}


def nodes() -> Iterator[tuple[Path, ast.AST]]:
    """Every node of every module's syntax, with the module's path below the package."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield path.relative_to(SOURCE), node


def places(found: Iterable[tuple[Path, ast.AST]]) -> list[str]:
    return [f"{path}, line {getattr(node, 'lineno', 1)}" for path, node in found]


def test_nobody_asks_which_runtime_it_is() -> None:
    """What differs between runtimes is in them; whoever asks would write the next one's case too."""
    asked = [
        (path, node)
        for path, node in nodes()
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"isinstance", "issubclass", "type"}
        and RUNTIMES & {one.id for argument in node.args[1:] for one in ast.walk(argument) if isinstance(one, ast.Name)}
    ]
    assert places(asked) == []


def test_no_signature_has_several_runtimes() -> None:
    """One protocol stands for all of them."""
    unions = [
        (path, node)
        for path, node in nodes()
        if isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.BitOr)
        and len(RUNTIMES & {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}) > 1
    ]
    assert places(unions) == []


FAMILIES = {"EncoderDecoder"}
KNOW_FAMILIES = {"model", "tasks", "runtimes", "interop", "__init__.py"}


def test_a_family_is_named_where_it_is_known() -> None:
    """Its model, its task and what computes it. All others ask its task: who names it would name the next one too."""
    named = [
        (path, node) for path, node in nodes() if path.parts[0] not in KNOW_FAMILIES and FAMILIES & set(_names(node))
    ]
    assert places(named) == []


def _names(node: ast.AST) -> list[str]:
    """What a node names: a variable, an attribute, an import, or an annotation that is written as a text."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return [name]
        case ast.alias(name=name):
            return name.split(".")
        case ast.Constant(value=str(text)) if "\n" not in text:
            try:
                return [one for part in ast.walk(ast.parse(text, mode="eval")) for one in _names(part)]
            except (SyntaxError, ValueError):  # A message, and no annotation.
                return []
    return []
