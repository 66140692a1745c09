"""Multi-head attention: project, split into heads, attend, merge."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from clearhead.model import kernels
from clearhead.model.config import TransformerConfig
from clearhead.model.linear import Linear, apply_together
from clearhead.model.observed import Observed
from clearhead.model.positions import Rotary, Start


class KeysValues(NamedTuple):
    """What may be attended to: a key to be found by and a value to give, for each position and head."""

    key: Float[Tensor, "batch heads keys head_width"]
    value: Float[Tensor, "batch heads keys head_width"]


class Attention(Observed):
    """MultiHead(Q, K, V) = Concat(head_1, …, head_h)·W_O, where head_i = Attention(Q·W_Q, K·W_K, V·W_V).

    The four matrices hold all heads side by side: head i owns columns i·d_k … (i+1)·d_k - 1.
    `rotary` turns queries and keys by their positions; it is for self-attention only.
    Source: "Attention Is All You Need", section 3.2.2.
    """

    def __init__(self, config: TransformerConfig, rotary: bool = False) -> None:
        super().__init__()
        self.heads = config.heads
        self.dropout = config.attention_dropout
        self.query = Linear(config.width, config.width)
        self.key = Linear(config.width, config.width)
        self.value = Linear(config.width, config.width)
        self.output = Linear(config.width, config.width)
        self.rotary = Rotary(config.head_width, config.max_length) if rotary else None

    def keys_and_values(self, inputs: Float[Tensor, "batch keys width"], start: Start = 0) -> KeysValues:
        """The keys and values of `inputs`, whose first position is `start`."""
        key, value = apply_together(inputs, (self.key, self.value))
        return self._seen_keys_and_values(key, value, start)

    def forward(
        self,
        inputs: Float[Tensor, "batch queries width"],
        attended: KeysValues | None = None,
        mask: Bool[Tensor, "#batch 1 #queries keys"] | None = None,
        start: Start = 0,
        cache: Callable[[KeysValues], KeysValues] | None = None,
    ) -> Float[Tensor, "batch queries width"]:
        """What each of `inputs`, whose first position is `start`, gathers from `attended` where `mask` is True.

        Without `attended` it is self-attention: what is attended to are `inputs`, or what `cache` (`Past.append`) makes
        of their keys and values: these after all that came before.
        """
        if attended is not None:
            query = self.query(inputs)
        else:
            query, key, value = apply_together(inputs, (self.query, self.key, self.value))
            attended = self._seen_keys_and_values(key, value, start)
            attended = attended if cache is None else cache(attended)
        return self._gather(self._seen_query(query, start), attended, mask)

    def _seen_query(self, query: Tensor, start: Start) -> Tensor:
        query = self._split(query)
        if self.rotary is not None:
            query = self.rotary(query, start)
        return self.see("query", query)

    def _seen_keys_and_values(self, key: Tensor, value: Tensor, start: Start) -> KeysValues:
        key, value = self._split(key), self._split(value)
        if self.rotary is not None:
            key = self.rotary(key, start)
        return KeysValues(self.see("key", key), self.see("value", value))

    def _gather(self, query: Tensor, attended: KeysValues, mask: Tensor | None) -> Tensor:
        dropout = self.dropout if self.training else 0.0
        if self.observer is None:
            context = kernels.fused_attention(query, *attended, mask, dropout)
        else:
            context = kernels.explicit_attention(query, *attended, mask, self.see, dropout)
        return self.see("output", self.output(self.see("concatenated", self._merge(context))))

    def _split(self, vectors: Float[Tensor, "batch length width"]) -> Float[Tensor, "batch heads length head_width"]:
        return vectors.view(*vectors.shape[:2], self.heads, -1).transpose(1, 2)

    def _merge(self, heads: Float[Tensor, "batch heads length head_width"]) -> Float[Tensor, "batch length width"]:
        return heads.transpose(1, 2).flatten(2)


def join(before: KeysValues, after: KeysValues) -> KeysValues:
    """Keys and values of some positions, followed by those of the next ones."""
    return KeysValues(torch.cat((before.key, after.key), dim=2), torch.cat((before.value, after.value), dim=2))
