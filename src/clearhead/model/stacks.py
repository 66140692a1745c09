"""N layers, one on top of the other."""

from collections.abc import Sequence
from typing import cast

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from clearhead.model.attention import Cache, KeysValues
from clearhead.model.blocks import DecoderLayer, SelfAttentionLayer
from clearhead.model.cache import DecoderCache, Past
from clearhead.model.config import BlockConfig
from clearhead.model.masks import Masks
from clearhead.model.norms import normalization, normalized
from clearhead.model.observed import Observed
from clearhead.model.position_bias import position_bias, position_bias_for
from clearhead.model.positions import Start


class SelfAttentionStack(Observed):
    """Layers of self-attention and feed-forward: an encoder (section 3.1), and, with a causal mask, all of a GPT.

    Pre-norm sums grow from layer to layer, so they are normalised once more. `result` is what a trace calls the last
    vectors. Where positions are relative, `looks_both_ways` says whether there are buckets for what comes after.
    """

    def __init__(
        self, config: BlockConfig, layers: int, result: str = "normalized", looks_both_ways: bool = True
    ) -> None:
        super().__init__()
        self.position_bias = position_bias_for(config, looks_both_ways)
        self.layers = nn.ModuleList(SelfAttentionLayer(config) for _ in range(layers))
        self.normalization = normalization(config) if config.norm_placement == "pre" else nn.Identity()
        self.result = result

    def forward(
        self,
        inputs: Float[Tensor, "batch length width"],
        mask: Bool[Tensor, "#batch 1 #length keys"],
        start: Start = 0,
        caches: Sequence[Cache] | None = None,
        keys: Int[Tensor, "batch keys"] | None = None,
    ) -> Float[Tensor, "batch length width"]:
        """All positions at once, the first of which is `start`, each attending to where `mask` is True.

        caches: for each layer what gives its attention the keys and values of earlier positions too (`StackCache`).
        keys: the positions of all these, where there are earlier ones; then `start` tells each one's own.
        """
        bias = None
        if self.position_bias is not None:
            if keys is None or not isinstance(start, Tensor):
                # In rows that documents share, too: within a document places are as far apart as positions.
                places = torch.arange(inputs.shape[1], device=inputs.device)[None]
                bias = position_bias(self, places, places)
            else:
                bias = position_bias(self, start, keys)
        given: Sequence[Cache | None] = [None] * len(self.layers) if caches is None else caches
        for layer, cache in zip(self.layers, given, strict=True):
            inputs = layer(inputs, mask, start, cache, bias)
        return normalized(self, self.result, inputs)


class Decoder(Observed):
    """The decoder's stack (section 3.1); every layer attends to the same memory, each through matrices of its own."""

    def __init__(self, config: BlockConfig, layers: int) -> None:
        super().__init__()
        self.position_bias = position_bias_for(config, looks_both_ways=False)
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(layers))
        self.normalization = normalization(config) if config.norm_placement == "pre" else nn.Identity()

    def memories(self, memory: Float[Tensor, "sentences source width"]) -> list[KeysValues]:
        """The memory's keys and values as each layer's encoder-decoder attention sees them."""
        return [layer.cross_attention.keys_and_values(memory) for layer in self._typed_layers()]

    def forward(
        self,
        inputs: Float[Tensor, "sentences target width"],
        memory: Float[Tensor, "sentences source width"] | None,
        masks: Masks,
        start: Start = 0,
        cache: DecoderCache | None = None,
    ) -> Float[Tensor, "sentences target width"]:
        """All target positions at once; or, with `cache`, the next one of every hypothesis, which is then part of it.

        The cache has the memory's keys and values already, so that `memory` is None there.
        """
        if cache is None:
            assert memory is not None, "a memory, or a cache that has read it"
            memories: Sequence[Tensor | KeysValues] = [memory] * len(self.layers)
            pasts: Sequence[Past | None] = [None] * len(memories)
        else:
            memories, pasts = cache.memories, cache.pasts
        bias = None
        if self.position_bias is not None:
            count = inputs.shape[1] if cache is None else cache.length + 1
            places = torch.arange(count, device=inputs.device)[None]
            bias = position_bias(self, places if cache is None else places[:, -1:], places)
        for layer, attended, past in zip(self.layers, memories, pasts, strict=True):
            inputs = layer(inputs, attended, masks, start, past, bias)
        if cache is not None:
            cache.length += 1
        return normalized(self, "normalized", inputs)

    def _typed_layers(self) -> list[DecoderLayer]:
        # nn.ModuleList forgets what it holds, and these two walks call more than `forward`.
        return cast(list[DecoderLayer], list(self.layers))
