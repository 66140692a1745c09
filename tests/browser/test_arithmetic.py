"""The page recomputes numbers by the descriptions that `Trace.check` goes by: of models of every kind."""

from typing import Any

import pytest
import torch

from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.tracing import Side, Trace, operations_of, record

SOURCE, TARGET = (5, 6, 7, 2), (1, 8, 9)
KINDS: dict[str, dict[str, Any]] = {
    "the paper's": {},
    "rotary, RMSNorm, SwiGLU": {"positions": "rotary", "norm": "rms", "activation": "swiglu", "norm_placement": "pre"},
    "tensor2tensor's positions, GELU": {"positions": "sinusoidal-concatenated", "activation": "gelu"},
    "learned positions, GELU by tanh": {"positions": "learned", "activation": "gelu-tanh", "norm_placement": "pre"},
    "shared keys, no biases, another scale": {"kv_heads": 2, "head_width": 6, "bias": False, "scale": 0.3, "eps": 0.01},
    "T5's positions, ReLU²": {
        "positions": "relative",
        "relative_buckets": 4,
        "relative_distance": 3,
        "activation": "relu2",
        "scale": 1.0,
    },
    "ALiBi": {"positions": "alibi", "embedding_norm": True},
    "rotary halves, normalised queries and keys": {
        "positions": "rotary-halves",
        "rotary_base": 50.0,
        "query_key_norm": True,
        "norm": "rms",
        "kv_heads": 2,
    },
    "rotary, as Llama 3.1": {
        "positions": "rotary-halves",
        "rotary_scaling": "llama3",
        "rotary_factor": 4.0,
        "rotary_trained_length": 20,
    },
    "rotary, LayerNorm of queries and keys": {"positions": "rotary", "query_key_norm": True},
    "in bfloat16": {"positions": "rotary", "dtype": torch.bfloat16},
}
# A trace as arithmetic.js reads it, and a place in every tensor: what was found there, and what is computed.
CHECKED = """async ({ document, tensors, parameters, places }) => {
  const { explain, number, reach, verdict } = await import("/page/arithmetic.js");
  const rows = async (name, row) => {
    const { shape, data } = parameters[name];
    const width = shape.slice(1).reduce((a, b) => a * b, 1);
    return { data: Float32Array.from(data.slice(row * width, (row + 1) * width)) };
  };
  const tensor = async (name) => ({ shape: tensors[name].shape, data: Float32Array.from(tensors[name].data) });
  const trace = { ...document, tensor, door: { rows } };
  const found = [];
  for (const operation of document.operations)
    for (const at of places[operation.name]) {
      const own = number(await tensor(operation.name), at);
      const made = await explain(trace, operation, at);
      const reached = reach(trace, operation, at).length;
      found.push([operation.name, verdict(own, made).agrees, made.value, made.line ?? "", reached]);
    }
  return found;
}"""


def trace_of(choices: dict[str, Any]) -> Trace:
    sizes = {"width": 16, "heads": 4, "inner_width": 12, "encoder_layers": 1, "decoder_layers": 1, "max_length": 20}
    choices, dtype = {**choices}, choices.get("dtype", torch.float32)
    choices.pop("dtype", None)
    config = TransformerConfig(source_vocabulary=30, target_vocabulary=30, **{**sizes, **choices})
    model = EncoderDecoder(config).eval().to(dtype)
    pieces = ("a", "b", "c", "d")
    return Trace(
        record(model, SOURCE, TARGET), operations_of(model.config), source=Side("a", SOURCE, pieces),
        target=Side("b", TARGET, pieces[:3]), predicted=Side("b", TARGET, pieces[:3]), config=model.config.as_plain(),
        parameters=dict(model.named_parameters(remove_duplicate=False)),
    )  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_operation_agrees(open_page: Any, address: str, kind: str) -> None:
    trace = trace_of(KINDS[kind])
    assert all(one.agrees for one in trace.check())
    named = {name for one in trace.operations for name in one.parameters}
    places = {}
    for one in trace.operations:
        *heads, rows, columns = trace[one.name].shape
        head = heads[0] - 1 if heads else None
        places[one.name] = [
            {"head": head, "row": row, "column": column}
            for row in {0, rows - 1}
            for column in {0, columns // 2, columns - 1}
        ]
    plain = {name: {"shape": list(one.shape), "data": one.flatten().tolist()} for name, one in trace.items()}
    weights = {
        name: {"shape": list(trace.parameters[name].shape), "data": trace.parameters[name].detach().flatten().tolist()}
        for name in named
    }
    given = {"document": trace.document(), "tensors": plain, "parameters": weights, "places": places}
    found = open_page(address).evaluate(CHECKED, given)
    assert len(found) > 100
    for name, agrees, value, line, reached in found:
        assert agrees, (name, value)
        assert "undefined" not in line, (name, line)
        assert "NaN" not in line, (name, line)
        assert reached or name.endswith((".positions", ".tokens", ".position_bias")), name
