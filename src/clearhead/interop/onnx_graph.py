"""A graph of ONNX while it is written: a node for each operation, and a value known by its name."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from clearhead.errors import PackageError
from clearhead.interop.foreign import Numbers

# Of operators, and of the file: what each onnxruntime since 2022 reads.
_OPERATORS: Final = 17
_FILE: Final = 8
# What protobuf holds in one file, less what the nodes take; above it numbers lie beside it.
MOST_BYTES: Final = 2**31 - 2**24
# A value's name, or numbers that are a part of the graph.
Operand = str | int | float | list[int] | Numbers
Axes = Sequence[str | int]


class Graph:
    """Operations in order. A part of it that is computed on a condition is a graph that sees the values of the whole.

    Raises PackageError without the package onnx, which writes the file.
    """

    def __init__(self, whole: "Graph | None" = None) -> None:
        self.onnx = package()
        self.nodes: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._counter: Iterator[int] = itertools.count() if whole is None else whole._counter
        self._held: dict[str, Any] = {} if whole is None else whole._held
        self._constants: dict[tuple[Any, ...], str] = {} if whole is None else whole._constants

    def input(self, name: str, kind: str, axes: Axes) -> str:
        self._inputs.append(self._value(name, kind, axes))
        return name

    def output(self, name: str, value: str, axes: Axes) -> None:
        """Give a value to whoever runs the graph, by a name of its own."""
        self.nodes.append(self.onnx.helper.make_node("Identity", [value], [name]))
        self._outputs.append(self._value(name, "float32", axes))

    def weight(self, name: str, numbers: Numbers) -> str:
        """Numbers of the model, stored once."""
        if name not in self._held:
            self._held[name] = self.onnx.numpy_helper.from_array(np.ascontiguousarray(numbers, np.float32), name)
        return name

    def op(self, kind: str, *operands: Operand, **attributes: Any) -> str:
        """An operation with one result."""
        return self._node(kind, operands, 1, attributes)[0]

    def ops(self, kind: str, results: int, *operands: Operand, **attributes: Any) -> list[str]:
        """An operation with several results."""
        return self._node(kind, operands, results, attributes)

    def either(
        self, condition: str, then: Callable[["Graph"], list[str]], otherwise: Callable[["Graph"], list[str]]
    ) -> list[str]:
        """What `then` computes where the condition is true, else what `otherwise` does: as many values of numbers."""
        parts = {}
        for branch, write in (("then_branch", then), ("else_branch", otherwise)):
            part = Graph(self)
            made = write(part)
            part._outputs = [self._value(name, "float32", None) for name in made]
            parts[branch] = part._written(branch)
        return self.ops("If", len(made), condition, **parts)

    def save(self, path: Path) -> bool:
        """Write it to a file, and tell whether its numbers lie in another one beside it: `path` with `_data` added."""
        helper = self.onnx.helper
        graph = self._written("graph", list(self._held.values()))
        opset = [helper.make_opsetid("", _OPERATORS)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=_FILE, producer_name="clearhead")
        is_apart = sum(len(one.raw_data) for one in self._held.values()) > MOST_BYTES
        apart = {"save_as_external_data": True, "location": f"{path.name}_data"} if is_apart else {}
        self.onnx.save_model(model, str(path), **apart)
        return is_apart

    def _node(self, kind: str, operands: Sequence[Operand], results: int, attributes: dict[str, Any]) -> list[str]:
        names = [one if isinstance(one, str) else self._constant(one) for one in operands]
        made = [f"{kind}_{next(self._counter)}" for _ in range(results)]
        self.nodes.append(self.onnx.helper.make_node(kind, names, made, **attributes))
        return made

    def _constant(self, value: Any) -> str:
        numbers = np.asarray(value)
        numbers = numbers.astype(np.float32 if numbers.dtype.kind == "f" else numbers.dtype)
        key = (numbers.dtype.str, numbers.shape, numbers.tobytes())
        if key not in self._constants:
            self._constants[key] = name = f"constant_{len(self._constants)}"
            self._held[name] = self.onnx.numpy_helper.from_array(numbers, name)
        return self._constants[key]

    def _value(self, name: str, kind: str, axes: Axes | None) -> Any:
        number = self.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(kind))
        return self.onnx.helper.make_tensor_value_info(name, number, axes)

    def _written(self, name: str, held: Sequence[Any] = ()) -> Any:
        return self.onnx.helper.make_graph(self.nodes, name, self._inputs, self._outputs, held)


def package() -> Any:
    """The package that writes the file. Raises PackageError without it."""
    try:
        import onnx
    except ImportError:
        raise PackageError(
            "exporting --to onnx needs the package onnx; install it with: pip install 'clearhead[onnx]'"
        ) from None
    return onnx
