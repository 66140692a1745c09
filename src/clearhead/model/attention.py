"""Multi-head attention: project, split into heads, attend, merge."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from clearhead.model import kernels
from clearhead.model.config import ROTARY_BASE, BlockConfig
from clearhead.model.linear import Linear, fused_linear
from clearhead.model.norms import normalization, normalized
from clearhead.model.observed import Observed
from clearhead.model.positions import Rotary, Start


class KeysValues(NamedTuple):
    """What may be attended to: a key to be found by and a value to give, for each position and head of them."""

    key: Float[Tensor, "batch kv_heads keys head_width"]
    value: Float[Tensor, "batch kv_heads keys head_width"]


# Gets the keys and values of positions just computed, and gives what these may attend to: all that came before, too.
Cache = Callable[[KeysValues], KeysValues]


class Attention(Observed):
    """MultiHead(Q, K, V) = Concat(head_1, …, head_h)·W_O, where head_i = Attention(Q·W_Q, K·W_K, V·W_V).

    The four matrices hold all heads side by side: head i owns columns i·d_k … (i+1)·d_k - 1. Where there are fewer
    heads of keys and values, heads next to each other share one: head i has those of i // (heads / kv_heads) (Ainslie
    et al. 2023). `rotary` turns queries and keys by their positions, as `config.positions` says; it is for
    self-attention only. With `query_key_norm` each head's queries and keys are normalised before.
    Source: "Attention Is All You Need", section 3.2.2.
    """

    def __init__(self, config: BlockConfig, rotary: bool = False) -> None:
        super().__init__()
        self.heads, self.scale = config.heads, config.scale
        self.heads_a_key = config.heads // config.kv_heads
        self.dropout = config.attention_dropout
        all_heads, kv_heads = config.heads * config.head_width, config.kv_heads * config.head_width
        self.query = Linear(config.width, all_heads, config.has_query_bias)
        self.key = Linear(config.width, kv_heads, config.has_query_bias)
        self.value = Linear(config.width, kv_heads, config.has_query_bias)
        self.output = Linear(all_heads, config.width, config.has_output_bias)
        self.rotary = Rotary(config) if rotary else None
        has_norms = config.query_key_norm
        self.query_normalization = normalization(config, config.head_width) if has_norms else None
        self.key_normalization = normalization(config, config.head_width) if has_norms else None
        # Such were all in version 0.1, whose traces show a product and a turn as one operation.
        is_plain = (config.positions, config.rotary_base, config.rotary_scaling) == ("rotary", ROTARY_BASE, "none")
        self.in_one = not has_norms and (is_plain or not rotary)

    def keys_and_values(self, inputs: Float[Tensor, "batch keys width"], start: Start = 0) -> KeysValues:
        """The keys and values of `inputs`, whose first position is `start`."""
        key, value = fused_linear(inputs, (self.key, self.value))
        return self._seen_keys_and_values(key, value, inputs, start)

    def forward(
        self,
        inputs: Float[Tensor, "batch queries width"],
        attended: Float[Tensor, "batch keys width"] | KeysValues | None = None,
        mask: Bool[Tensor, "#batch 1 #queries keys"] | None = None,
        start: Start = 0,
        cache: Cache | None = None,
        bias: Float[Tensor, "#batch heads queries keys"] | None = None,
    ) -> Float[Tensor, "batch queries width"]:
        """What each of `inputs`, whose first position is `start`, gathers from `attended` where `mask` is True.

        `attended` is the memory, or what `keys_and_values` made of it.
        Without it, it is self-attention: what is attended to are `inputs`, or what `cache` (`Past.append`) makes
        of their keys and values: these after all that came before.
        bias: what is added to the scaled scores (`position_bias`).
        """
        if attended is not None:
            query = self._seen_heads("query", self.query(inputs), inputs, start)
            if isinstance(attended, Tensor):
                attended = self.keys_and_values(attended)
        else:
            query, key, value = fused_linear(inputs, (self.query, self.key, self.value))
            query = self._seen_heads("query", query, inputs, start)
            attended = self._seen_keys_and_values(key, value, inputs, start)
            attended = attended if cache is None else cache(attended)
        return self._attend(query, attended, mask, bias)

    def _seen_keys_and_values(self, key: Tensor, value: Tensor, inputs: Tensor, start: Start) -> KeysValues:
        key = self._seen_heads("key", key, inputs, start)
        return KeysValues(key, self._seen_heads("value", value, inputs, start))

    def _seen_heads(self, name: str, vectors: Tensor, inputs: Tensor, start: Start) -> Tensor:
        """Queries, keys or values of `inputs`, split into heads; the first two turned where positions are rotary."""
        heads = self.heads if name == "query" else self.heads // self.heads_a_key
        vectors, is_turned = self._split(vectors, heads), self.rotary is not None and name != "value"
        if not self.in_one and name != "value":
            return self._seen_one_by_one(name, vectors, inputs, start, heads)
        if self.rotary is not None and is_turned:
            vectors = self.rotary(vectors, start)
        return self.see(name, vectors, "heads", inputs, weights=name, heads=heads, rotary=is_turned)

    def _seen_one_by_one(self, name: str, vectors: Tensor, inputs: Tensor, start: Start, heads: int) -> Tensor:
        """Queries or keys that are split already, then normalised and turned, each shown as an operation of its own."""
        turn, part = self.rotary, f"{name}_normalization"
        vectors = self.see(f"{name}_heads", vectors, "heads", inputs, weights=name, heads=heads, rotary=False)
        if getattr(self, part) is not None:
            vectors = normalized(self, name if turn is None else f"{name}_normalized", vectors, part)
        if turn is None:
            return vectors
        return self.see(name, turn(vectors, start), "turn", vectors, **turn.settings)

    def _attend(self, query: Tensor, attended: KeysValues, mask: Tensor | None, bias: Tensor | None) -> Tensor:
        dropout = self.dropout if self.training else 0.0
        key, value = map(self.for_all_heads, attended)
        if self.observer is None:
            context = kernels.fused_attention(query, key, value, mask, dropout, self.scale, bias)
        else:
            for shared, own in zip(attended, (key, value), strict=True):
                self.tell("", own, "", shared)
            context = kernels.explicit_attention(query, key, value, mask, self.see, dropout, self.scale, bias)
        merged = self.see("concatenated", self._merge(context), "merge", context)
        return self.see("output", self.output(merged), "project", merged, weights="output")

    def for_all_heads(
        self, shared: Float[Tensor, "batch kv_heads keys head_width"]
    ) -> Float[Tensor, "batch heads keys head_width"]:
        """Keys or values as each head sees them."""
        return shared if self.heads_a_key == 1 else shared.repeat_interleave(self.heads_a_key, dim=1)

    def _split(
        self, vectors: Float[Tensor, "batch length all_heads"], heads: int
    ) -> Float[Tensor, "batch heads length head_width"]:
        return vectors.view(*vectors.shape[:2], heads, vectors.shape[2] // heads).transpose(1, 2)

    def _merge(self, heads: Float[Tensor, "batch heads length head_width"]) -> Float[Tensor, "batch length all_heads"]:
        return heads.transpose(1, 2).flatten(2)


def join(before: KeysValues, after: KeysValues) -> KeysValues:
    """Keys and values of some positions, followed by those of the next ones."""
    return KeysValues(torch.cat((before.key, after.key), dim=2), torch.cat((before.value, after.value), dim=2))
