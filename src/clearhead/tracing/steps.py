"""What a model computes for a sentence, step by step, in the order in which the paper explains it.

A list of operations is made of a model's config alone. Each names the tensor that it makes, by its module's path, the
tensors and parameters that it is made of; `operations.py` describes each kind.
"""

import math
from typing import Any

from clearhead.model import TransformerConfig
from clearhead.model.config import EPS, GATED
from clearhead.tracing.operations import Operation

MEMORY = "encoder.memory"
LOGITS, PROBABILITIES = "output.logits", "output.probabilities"
SOURCE_IDS, TARGET_IDS = "source_embedding.ids", "target_embedding.ids"
SOURCE_MASK, TARGET_MASK = "masks.source", "masks.target"


# What happens inside one operation of PyTorch's, the normalisation that reads it.
HIDDEN = frozenset({"mean", "variance", "mean_square"})
GIVEN = (SOURCE_IDS, TARGET_IDS, SOURCE_MASK, TARGET_MASK)


def steps_of(config: TransformerConfig) -> tuple[Operation, ...]:
    """All steps of an encoder-decoder in reading order: the paper's figure 1 from bottom to top, left before right."""
    walk = _Walk(config)
    vectors = walk.embed("source_embedding")
    for number in range(config.encoder_layers):
        layer = f"encoder.layers.{number}"
        vectors = walk.self_attention(layer, vectors, SOURCE_MASK)
        vectors = walk.feed_forward(layer, vectors)
    walk.leave("encoder", vectors, MEMORY)
    vectors = walk.embed("target_embedding")
    for number in range(config.decoder_layers):
        layer = f"decoder.layers.{number}"
        vectors = walk.self_attention(layer, vectors, TARGET_MASK)
        vectors = walk.cross_attention(layer, vectors)
        vectors = walk.feed_forward(layer, vectors)
    vectors = walk.leave("decoder", vectors, "decoder.normalized")
    walk.add(LOGITS, "project", (vectors,), ("output.matrix.weight",))
    walk.add(PROBABILITIES, "softmax", (LOGITS,))
    return tuple(walk.steps)


class _Walk:
    """The steps so far; each method adds those of one part and returns the name of its result."""

    def __init__(self, config: TransformerConfig) -> None:
        self.config, self.block = config, config.block
        self.steps: list[Operation] = []

    def add(
        self, name: str, operation: str, inputs: tuple[str, ...], parameters: tuple[str, ...] = (), **settings: Any
    ) -> str:
        is_shown = operation not in HIDDEN and name != PROBABILITIES
        self.steps.append(Operation(name, operation, inputs, parameters, settings, is_shown))
        return name

    def embed(self, part: str) -> str:
        """Tokens to vectors, times √d_model, and their places added (sections 3.4 and 3.5)."""
        matrix = (f"{part}.matrix.weight",)
        tokens = self.add(f"{part}.tokens", "embed", (f"{part}.ids",), matrix, scale=math.sqrt(self.config.width))
        if self.config.positions == "rotary":
            return tokens
        learned = (f"{part}.positions.table",) if self.config.positions == "learned" else ()
        positions = self.add(
            f"{part}.positions",
            "positions",
            (f"{part}.ids",),
            learned,
            kind=self.config.positions,
            width=self.config.width,
        )
        return self.add(f"{part}.sum", "add", (tokens, positions))

    def self_attention(self, layer: str, vectors: str, mask: str) -> str:
        attention = f"{layer}.self_attention"
        entering = self._enter(attention, vectors)
        rotary = self.config.positions == "rotary"
        self._heads(attention, "query", entering, rotary)
        self._heads(attention, "key", entering, rotary)
        self._heads(attention, "value", entering)
        return self._residual(attention, vectors, self._attend(attention, mask))

    def cross_attention(self, layer: str, vectors: str) -> str:
        attention = f"{layer}.cross_attention"
        self._heads(attention, "query", self._enter(attention, vectors))
        self._heads(attention, "key", MEMORY)
        self._heads(attention, "value", MEMORY)
        return self._residual(attention, vectors, self._attend(attention, SOURCE_MASK))

    def feed_forward(self, layer: str, vectors: str) -> str:
        """max(0, x·W_1 + b_1)·W_2 + b_2 (equation 2), plain or gated."""
        part = f"{layer}.feed_forward"
        entering = self._enter(part, vectors)
        activation, gated = _activation(self.config.activation)
        inner = self._linear(f"{part}.inner", entering, f"{part}.inner")
        result = self.add(f"{part}.activated", "activate", (inner,), function=activation)
        if gated:
            gate = self._linear(f"{part}.gate", entering, f"{part}.gate")
            result = self.add(f"{part}.gated", "multiply", (result, gate))
        return self._residual(part, vectors, self._linear(f"{part}.output", result, f"{part}.outer"))

    def leave(self, stack: str, vectors: str, name: str) -> str:
        """What a stack hands on: for pre-norm normalised once more."""
        if self.config.norm_placement == "post":
            return self.add(name, "same", (vectors,))
        return self._normalize(f"{stack}", vectors, name)

    def _heads(self, attention: str, name: str, vectors: str, rotary: bool = False) -> str:
        matrix = f"{attention}.{name}"
        heads = self.block.heads if name == "query" else self.block.kv_heads
        return self.add(matrix, "heads", (vectors,), self._parameters(matrix), heads=heads, rotary=rotary)

    def _attend(self, attention: str, mask: str) -> str:
        """Equation 1, one visible step at a time, and what follows it in section 3.2.2."""
        query, key, value = (f"{attention}.{name}" for name in ("query", "key", "value"))
        scores = self.add(f"{attention}.scores", "scores", (query, key))
        scale = self.block.scale
        by = math.sqrt(self.block.head_width) if scale is None else 1 / scale
        scaled = self.add(f"{attention}.scaled", "divide", (scores,), by=by)
        masked = self.add(f"{attention}.masked", "mask", (scaled, mask))
        weights = self.add(f"{attention}.weights", "softmax", (masked,))
        context = self.add(f"{attention}.context", "weigh", (weights, value))
        concatenated = self.add(f"{attention}.concatenated", "merge", (context,))
        return self._linear(f"{attention}.output", concatenated, f"{attention}.output")

    def _linear(self, name: str, vectors: str, module: str) -> str:
        return self.add(name, "project", (vectors,), self._parameters(module))

    def _parameters(self, module: str) -> tuple[str, ...]:
        return (f"{module}.weight", f"{module}.bias")[: 1 + self.block.bias]

    def _enter(self, part: str, vectors: str) -> str:
        """A sub-layer's input: for pre-norm normalised first."""
        if self.config.norm_placement == "post":
            return vectors
        return self._normalize(f"{part}_residual", vectors, f"{part}_residual.normalized")

    def _residual(self, part: str, vectors: str, output: str) -> str:
        """x + Sublayer(x), normalised afterwards in the paper's way (section 3.1)."""
        total = self.add(f"{part}_residual.sum", "add", (vectors, output))
        if self.config.norm_placement == "pre":
            return total
        return self._normalize(f"{part}_residual", total, f"{part}_residual.normalized")

    def _normalize(self, module: str, vectors: str, name: str) -> str:
        norm = f"{module}.normalization"
        # Not told where it is what version 0.1 took for granted, whose traces are to be read.
        settings = {} if self.block.eps == EPS else {"eps": self.block.eps}
        if self.config.norm == "rms":
            square = self.add(f"{module}.mean_square", "mean_square", (vectors,))
            return self.add(name, "normalize_by_square", (vectors, square), (f"{norm}.weight",), **settings)
        mean = self.add(f"{module}.mean", "mean", (vectors,))
        variance = self.add(f"{module}.variance", "variance", (vectors, mean))
        return self.add(name, "normalize", (vectors, mean, variance), self._parameters(norm), **settings)


def _activation(name: str) -> tuple[str, bool]:
    """The function, and whether its result is multiplied by a gate."""
    return (GATED[name], True) if name in GATED else (name, False)
