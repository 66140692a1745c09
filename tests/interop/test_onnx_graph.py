"""Graphs that are small enough to be worked out by hand, run by onnxruntime."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clearhead.errors import PackageError
from clearhead.interop import onnx_graph
from clearhead.interop.onnx_graph import Graph


@pytest.fixture
def library() -> Any:
    pytest.importorskip("onnx")
    return pytest.importorskip("onnxruntime")


def run(library: Any, path: Path, **feeds: Any) -> list[Any]:
    session = library.InferenceSession(path, providers=["CPUExecutionProvider"])
    return list(session.run(None, {name: np.asarray(one) for name, one in feeds.items()}))


def test_what_is_written_is_computed(library: Any, tmp_path: Path) -> None:
    graph = Graph()
    numbers = graph.input("numbers", "float32", ("rows", 2))
    first, second = graph.ops("Split", 2, numbers, [1, 1], axis=1)
    held = graph.weight("held", np.array([[10.0, 20.0]]))
    graph.output("made", graph.op("Add", graph.op("Mul", graph.op("Sub", first, second), 3.0), held), ("rows", 2))
    assert not graph.save(tmp_path / "one.onnx")
    [made] = run(library, tmp_path / "one.onnx", numbers=np.array([[5, 1], [2, 2]], np.float32))
    assert made.tolist() == [[22.0, 32.0], [10.0, 20.0]]


def test_a_branch_sees_the_values_of_the_whole(library: Any, tmp_path: Path) -> None:
    graph = Graph()
    numbers = graph.input("numbers", "float32", ("length",))
    condition = graph.input("condition", "bool", (1,))
    twice = graph.op("Mul", numbers, 2.0)
    found = graph.either(
        condition, lambda part: [part.op("Add", twice, 1.0)], lambda part: [part.op("Mul", twice, twice)]
    )
    graph.output("made", found[0], ("length",))
    graph.save(tmp_path / "one.onnx")
    for value, wanted in ((True, [7.0]), (False, [36.0])):
        [made] = run(library, tmp_path / "one.onnx", numbers=np.array([3], np.float32), condition=[value])
        assert made.tolist() == wanted


def test_equal_numbers_are_stored_once(library: Any, tmp_path: Path) -> None:
    import onnx

    graph = Graph()
    numbers = graph.input("numbers", "float32", ("length",))
    made = graph.op("Add", graph.op("Add", numbers, 2.0), 2.0)
    weight = np.array([1.0], np.float32)
    graph.output(
        "made", graph.op("Add", graph.op("Add", made, graph.weight("w", weight)), graph.weight("w", weight)), (1,)
    )
    graph.save(tmp_path / "one.onnx")
    assert len(onnx.load(tmp_path / "one.onnx").graph.initializer) == 2


def test_what_protobuf_cannot_hold_lies_beside_it(
    library: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_graph, "MOST_BYTES", 1000)
    graph = Graph()
    numbers = graph.input("numbers", "float32", ("rows", 1))
    graph.output("made", graph.op("Mul", numbers, graph.weight("w", np.arange(500.0)[None])), ("rows", 500))
    assert graph.save(tmp_path / "one.onnx")
    assert (tmp_path / "one.onnx_data").stat().st_size == 2000
    [made] = run(library, tmp_path / "one.onnx", numbers=np.array([[2]], np.float32))
    assert made[0, -1] == 998.0


def test_a_missing_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(PackageError, match=r"needs the package onnx; install it with: pip install 'clearhead\[onnx\]'"):
        Graph()
