"""The layers of stacks, made of sub-layers with a residual connection and a normalisation each."""

from collections.abc import Callable

from jaxtyping import Bool, Float
from torch import Tensor, nn

from clearhead.model.attention import Attention, Cache, KeysValues
from clearhead.model.cache import Past
from clearhead.model.config import BlockConfig
from clearhead.model.dropout import Dropout
from clearhead.model.feed_forward import FeedForward
from clearhead.model.masks import Masks
from clearhead.model.norms import normalization, normalized
from clearhead.model.observed import Observed
from clearhead.model.positions import Start


class Residual(Observed):
    """LayerNorm(x + Sublayer(x)), as in the paper (section 3.1), or x + Sublayer(LayerNorm(x)) for pre-norm.

    The sub-layer's output is dropped out before it is added (section 5.4).
    """

    def __init__(self, config: BlockConfig) -> None:
        super().__init__()
        self.normalize_after = config.norm_placement == "post"
        self.normalization = normalization(config)
        self.dropout = Dropout(config.dropout)

    def forward(
        self, inputs: Float[Tensor, "batch length width"], sublayer: Callable[[Tensor], Tensor]
    ) -> Float[Tensor, "batch length width"]:
        if self.normalize_after:
            return normalized(self, "normalized", self._sum(inputs, sublayer(inputs)))
        return self._sum(inputs, sublayer(normalized(self, "normalized", inputs)))

    def _sum(self, inputs: Tensor, output: Tensor) -> Tensor:
        return self.see("sum", inputs + self.dropout(output), "add", inputs, output)


class SelfAttentionLayer(nn.Module):
    """Self-attention, then the feed-forward network (figure 1, left): the encoder's layer, and a GPT's."""

    def __init__(self, config: BlockConfig) -> None:
        super().__init__()
        self.self_attention = Attention(config, rotary=config.positions.startswith("rotary"))
        self.self_attention_residual = Residual(config)
        self.feed_forward = FeedForward(config)
        self.feed_forward_residual = Residual(config)

    def forward(
        self,
        inputs: Float[Tensor, "batch length width"],
        mask: Bool[Tensor, "#batch 1 #length keys"],
        start: Start = 0,
        cache: Cache | None = None,
        bias: Float[Tensor, "#batch heads length keys"] | None = None,
    ) -> Float[Tensor, "batch length width"]:
        def attend(inputs: Tensor) -> Tensor:
            return self.self_attention(inputs, mask=mask, start=start, cache=cache, bias=bias)

        inputs = self.self_attention_residual(inputs, attend)
        return self.feed_forward_residual(inputs, self.feed_forward)


class DecoderLayer(nn.Module):
    """Masked self-attention, encoder-decoder attention, then the feed-forward network (figure 1, right)."""

    def __init__(self, config: BlockConfig) -> None:
        super().__init__()
        self.self_attention = Attention(config, rotary=config.positions.startswith("rotary"))
        self.self_attention_residual = Residual(config)
        self.cross_attention = Attention(config)
        self.cross_attention_residual = Residual(config)
        self.feed_forward = FeedForward(config)
        self.feed_forward_residual = Residual(config)

    def forward(
        self,
        inputs: Float[Tensor, "sentences target width"],
        memory: Float[Tensor, "sentences source width"] | KeysValues,
        masks: Masks,
        start: Start = 0,
        past: Past | None = None,
        bias: Float[Tensor, "1 heads queries keys"] | None = None,
    ) -> Float[Tensor, "sentences target width"]:
        """All target positions at once; `memory`, or what `cross_attention.keys_and_values` made of it.

        With `past` it is one position of every hypothesis, after those in `past`, to which it is added; `target` counts
        the beams of a sentence. In self-attention each of them is a sequence of its own, with nothing to mask; in
        encoder-decoder attention they are the sentence's queries, so that its memory is never copied for each of them.
        bias: what is added to self-attention's scores.
        """

        def attend(inputs: Tensor) -> Tensor:
            if past is None:
                return self.self_attention(inputs, mask=masks.target, start=start, bias=bias)
            rows = inputs.reshape(-1, 1, inputs.shape[-1])
            return self.self_attention(rows, start=past.length, cache=past.append, bias=bias).view_as(inputs)

        def attend_to_memory(inputs: Tensor) -> Tensor:
            return self.cross_attention(inputs, memory, masks.memory)

        inputs = self.self_attention_residual(inputs, attend)
        inputs = self.cross_attention_residual(inputs, attend_to_memory)
        return self.feed_forward_residual(inputs, self.feed_forward)
