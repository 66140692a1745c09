"""Parts of a network, as onnxruntime computes them, beside those of torch and of transformers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from clearhead.interop.equivalent import Weighted
from clearhead.interop.onnx_graph import Graph
from clearhead.interop.onnx_network import Network
from clearhead.model.config import EncoderOnlyConfig, TransformerConfig

from .own_models import BERT, T5

FUNCTIONS: dict[str, Any] = {
    "relu": F.relu, "relu2": lambda numbers: F.relu(numbers) ** 2, "silu": F.silu, "tanh": torch.tanh,
    "gelu": F.gelu, "gelu-tanh": lambda numbers: F.gelu(numbers, approximate="tanh"),
}  # fmt: skip
NUMBERS = torch.linspace(-6, 6, 48).view(3, 16)


def computed(path: Path, graph: Graph, value: str, **feeds: Any) -> torch.Tensor:
    library = pytest.importorskip("onnxruntime")
    graph.output("made", value, ("a", "b"))
    graph.save(path)
    session = library.InferenceSession(path, providers=["CPUExecutionProvider"])
    return torch.from_numpy(session.run(None, feeds)[0])


@pytest.fixture
def graph() -> Graph:
    pytest.importorskip("onnx")
    return Graph()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_those_of_torch(name: str, graph: Graph, tmp_path: Path) -> None:
    vectors = graph.input("vectors", "float32", ("a", "b"))
    network = Network(graph, Weighted(EncoderOnlyConfig(**BERT), {}))
    found = computed(tmp_path / "a.onnx", graph, network.activate(vectors, name), vectors=NUMBERS.numpy())
    torch.testing.assert_close(found, FUNCTIONS[name](NUMBERS), atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("kind", ["layer", "rms"])
def test_norms_are_those_of_torch(kind: Any, graph: Graph, tmp_path: Path) -> None:
    weights = {"n.weight": np.linspace(0.5, 2, 16), "n.bias": np.linspace(-1, 1, 16)}
    vectors = graph.input("vectors", "float32", ("a", "b"))
    network = Network(graph, Weighted(EncoderOnlyConfig(**BERT | {"norm": kind, "eps": 0.1}), weights))
    weight, bias = (torch.tensor(one, dtype=torch.float32) for one in weights.values())
    wanted = F.layer_norm(NUMBERS, [16], weight, bias, 0.1)
    if kind == "rms":
        wanted = F.rms_norm(NUMBERS, [16], weight, 0.1)
    found = computed(tmp_path / "a.onnx", graph, network.norm(vectors, "n"), vectors=NUMBERS.numpy())
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("looks_both_ways", [True, False])
def test_relative_positions_are_those_of_t5_and_have_no_end(
    looks_both_ways: bool, graph: Graph, tmp_path: Path
) -> None:
    """At 300 places, of which the model's own greatest distance is 128, and its longest text 40."""
    from transformers.models.t5.modeling_t5 import T5Attention

    config = TransformerConfig(**T5)
    table = torch.randn(32, 4, generator=torch.Generator().manual_seed(1))
    network = Network(graph, Weighted(config, {"s.position_bias.table": table.numpy()}))
    places = graph.input("places", "int64", ("a",))
    found = computed(
        tmp_path / "a.onnx", graph, network.relative("s", places, places, looks_both_ways), places=np.arange(300)
    )
    away = torch.arange(300)[None] - torch.arange(300)[:, None]
    buckets = T5Attention._relative_position_bucket(away, looks_both_ways, 32, 128)
    torch.testing.assert_close(found, table[buckets].permute(2, 0, 1))
