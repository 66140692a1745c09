"""A model of ours as operations of ONNX: what `model/` computes, layer by layer, without dropout."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from clearhead.interop.equivalent import Weighted
from clearhead.interop.onnx_graph import Graph
from clearhead.model import tables
from clearhead.model.config import ADDED, GATED
from clearhead.model.shapes import shared_names

# A score that a query may not attend to. It is finite: where all are so, as for padding, 0 must not be divided by 0.
_LEAST: Final = float(np.finfo(np.float32).min / 2)


class KeysValues(NamedTuple):
    """By the names of their values: (batch, kv_heads, keys, head_width) each."""

    key: str
    value: str


# The cosines and sines by which queries and keys are turned.
Turns = tuple[str, str]


class Places(NamedTuple):
    """Where tokens stand, and who may attend to whom.

    queries: their positions, (length) or (batch, length). allowed: for each query and key. bias: added to scores.
    """

    queries: str
    allowed: str
    bias: str | None = None
    turns: Turns | None = None


class Network:
    """Writes the parts of a model to a graph. Each method takes names of values and returns such."""

    def __init__(self, graph: Graph, model: Weighted) -> None:
        self.graph, self.model, self.weights = graph, model, model.weights
        self.config, self.block = model.config, model.config.block
        self.shared = shared_names(model.config)

    def embed(self, name: str, ids: str, places: str, kinds: str | None = None) -> str:
        """The vectors of tokens, with those of their positions and kinds added."""
        op, config = self.graph.op, self.config
        made = op("Gather", self._weight(f"{name}.matrix.weight"), ids)
        if config.scale_embeddings:
            made = op("Mul", made, math.sqrt(config.width))
        if kinds is not None:
            made = op("Add", made, op("Gather", self._weight(f"{name}.segments.weight"), kinds))
        elif f"{name}.segments.weight" in self.weights:
            made = op("Add", made, self.weights[f"{name}.segments.weight"][0])
        if config.positions in ADDED:
            made = op("Add", made, op("Gather", self._positions(name), places))
        return self.norm(made, f"{name}.normalization") if config.embedding_norm else made

    def linear(self, vectors: str, name: str) -> str:
        # Stored with the inputs first, as the operation wants it.
        held = self.graph.weight(f"{name}.weight", self.weights[f"{name}.weight"].T)
        made = self.graph.op("MatMul", vectors, held)
        return self._plus(made, f"{name}.bias")

    def output(self, vectors: str) -> str:
        """The logits. Where the matrix is that of the tokens' vectors it is stored once."""
        matrix = self.graph.op("Transpose", self._weight("output.matrix.weight"), perm=[1, 0])
        return self._plus(self.graph.op("MatMul", vectors, matrix), "output.bias")

    def norm(self, vectors: str, name: str) -> str:
        op, weight, eps = self.graph.op, self._weight(f"{name}.weight"), self.config.eps
        if self.config.norm == "layer":
            bias = [self._weight(f"{name}.bias")] if f"{name}.bias" in self.weights else []
            return op("LayerNormalization", vectors, weight, *bias, axis=-1, epsilon=eps)
        square = op("ReduceMean", op("Mul", vectors, vectors), axes=[-1])
        return op("Mul", op("Div", vectors, op("Sqrt", op("Add", square, eps))), weight)

    def activate(self, vectors: str, function: str) -> str:
        op = self.graph.op
        if function == "silu":
            return op("Mul", vectors, op("Sigmoid", vectors))
        if function in ("relu", "relu2"):
            made = op("Relu", vectors)
            return made if function == "relu" else op("Mul", made, made)
        if function == "tanh":
            return op("Tanh", vectors)
        if function == "gelu":
            grown = op("Erf", op("Mul", vectors, math.sqrt(0.5)))
        else:
            cube = op("Mul", op("Mul", op("Mul", vectors, vectors), vectors), 0.044715)
            grown = op("Tanh", op("Mul", op("Add", vectors, cube), math.sqrt(2 / math.pi)))
        return op("Mul", op("Mul", vectors, 0.5), op("Add", grown, 1.0))

    def stack(
        self,
        name: str,
        layers: int,
        vectors: str,
        places: Places,
        pasts: Sequence[KeysValues] = (),
        memories: Sequence[KeysValues] = (),
        allowed: str = "",
    ) -> tuple[str, list[KeysValues]]:
        """Its vectors, and the keys and values of all that each layer's self-attention has seen.

        pasts: these of earlier positions. memories, allowed: what encoder-decoder attention attends to, and where.
        """
        presents = []
        for number in range(layers):
            place = f"{name}.layers.{number}"
            attention, cross = f"{place}.self_attention", f"{place}.cross_attention"
            inner = self._before(vectors, attention)
            seen = self.keys_and_values(inner, attention, places.turns)
            presents.append(seen := self._joined(pasts[number], seen) if pasts else seen)
            vectors = self._after(vectors, self._attend(inner, attention, seen, places), attention)
            if memories:
                inner = self._attend(self._before(vectors, cross), cross, memories[number], Places("", allowed))
                vectors = self._after(vectors, inner, cross)
            inner = self._feed_forward(self._before(vectors, f"{place}.feed_forward"), f"{place}.feed_forward")
            vectors = self._after(vectors, inner, f"{place}.feed_forward")
        is_pre = self.config.norm_placement == "pre"
        return self.norm(vectors, f"{name}.normalization") if is_pre else vectors, presents

    def keys_and_values(self, vectors: str, name: str, turns: Turns | None = None) -> KeysValues:
        """Of an attention, split into heads; keys turned by their positions."""
        heads = self.block.kv_heads
        return KeysValues(
            self._turn(self._heads(vectors, name, "key", heads), turns), self._heads(vectors, name, "value", heads)
        )

    def relative(self, stack: str, queries: str, keys: str, looks_both_ways: bool) -> str:
        """What relative positions add to scores. From some distance on all have the same, so that there is no end."""
        op, farthest = self.graph.op, self.config.relative_distance
        reach = dataclasses.replace(self.block, max_length=farthest + 1)
        rows = self.weights[f"{stack}.position_bias.table"][tables.buckets(reach, looks_both_ways)]
        away = op("Sub", keys, op("Unsqueeze", queries, [1]))
        away = op("Add", op("Max", op("Min", away, farthest), -farthest), farthest)
        found = op("Gather", self.graph.weight(f"{stack}.position_bias.table", rows), away)
        return op("Transpose", found, perm=[2, 0, 1])

    def turns(self, places: str) -> Turns:
        """Cosines and sines of rotary positions, for all heads."""
        names = ("rotary.cosine", "rotary.sine")
        held = [self.graph.weight(*one) for one in zip(names, tables.rotary(self.block), strict=True)]
        cosine, sine = (self.graph.op("Unsqueeze", self.graph.op("Gather", one, places), [-3]) for one in held)
        return cosine, sine

    def _attend(self, vectors: str, name: str, seen: KeysValues, places: Places) -> str:
        op, block = self.graph.op, self.block
        query = self._turn(self._heads(vectors, name, "query", block.heads), places.turns)
        scale = block.head_width**-0.5 if block.scale is None else block.scale
        query = query if scale == 1.0 else op("Mul", query, scale)
        key, value = map(self._for_all_heads, seen)
        scores = op("MatMul", query, op("Transpose", key, perm=[0, 1, 3, 2]))
        scores = scores if places.bias is None else op("Add", scores, places.bias)
        weights = op("Softmax", op("Where", places.allowed, scores, _LEAST), axis=-1)
        context = op("Transpose", op("MatMul", weights, value), perm=[0, 2, 1, 3])
        return self.linear(op("Reshape", context, [0, 0, block.heads * block.head_width]), f"{name}.output")

    def _heads(self, vectors: str, name: str, part: str, heads: int) -> str:
        op = self.graph.op
        split = op("Reshape", self.linear(vectors, f"{name}.{part}"), [0, 0, heads, self.block.head_width])
        if self.block.query_key_norm and part != "value":
            split = self.norm(split, f"{name}.{part}_normalization")
        return op("Transpose", split, perm=[0, 2, 1, 3])

    def _turn(self, vectors: str, turns: Turns | None) -> str:
        """Each number with the one half a head further on, by the angle of its position."""
        if turns is None:
            return vectors
        op, half, (cosine, sine) = self.graph.op, self.block.head_width // 2, turns
        first, second = self.graph.ops("Split", 2, vectors, [half, half], axis=-1)
        parts = (
            op("Sub", op("Mul", first, cosine), op("Mul", second, sine)),
            op("Add", op("Mul", first, sine), op("Mul", second, cosine)),
        )
        return op("Concat", *parts, axis=-1)

    def _joined(self, past: KeysValues, new: KeysValues) -> KeysValues:
        return KeysValues(*(self.graph.op("Concat", *pair, axis=2) for pair in zip(past, new, strict=True)))

    def _for_all_heads(self, shared: str) -> str:
        """Keys or values as each head sees them."""
        op, block = self.graph.op, self.block
        if (count := block.heads // block.kv_heads) == 1:
            return shared
        repeated = op("Expand", op("Unsqueeze", shared, [2]), [1, 1, count, 1, 1])
        return op("Reshape", repeated, [0, block.heads, -1, block.head_width])

    def _feed_forward(self, vectors: str, name: str) -> str:
        function = self.config.activation
        made = self.activate(self.linear(vectors, f"{name}.inner"), GATED.get(function, function))
        if function in GATED:
            made = self.graph.op("Mul", made, self.linear(vectors, f"{name}.gate"))
        return self.linear(made, f"{name}.outer")

    def _before(self, vectors: str, name: str) -> str:
        is_pre = self.config.norm_placement == "pre"
        return self.norm(vectors, f"{name}_residual.normalization") if is_pre else vectors

    def _after(self, vectors: str, inner: str, name: str) -> str:
        made = self.graph.op("Add", vectors, inner)
        is_pre = self.config.norm_placement == "pre"
        return made if is_pre else self.norm(made, f"{name}_residual.normalization")

    def _positions(self, name: str) -> str:
        config = self.config
        if config.positions == "learned":
            return self._weight(f"{name}.positions.table")
        return self.graph.weight("positions.table", tables.LAYOUTS[config.positions](config.max_length, config.width))

    def _plus(self, vectors: str, bias: str) -> str:
        return self.graph.op("Add", vectors, self._weight(bias)) if bias in self.weights else vectors

    def _weight(self, name: str) -> str:
        name = self.shared.get(name, name)
        return self.graph.weight(name, self.weights[name])
