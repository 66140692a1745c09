"""A decoder-only Transformer (GPT), top-down: the paper's decoder without a memory to attend to."""

from jaxtyping import Bool, Float, Int
from torch import Tensor

from clearhead.model.as_built import remember, structure_of
from clearhead.model.cache import StackCache
from clearhead.model.checks import require_ids, require_lengths
from clearhead.model.config import DecoderOnlyConfig
from clearhead.model.embedding import Embedding, Output, embedding_matrix
from clearhead.model.initialization import initialize
from clearhead.model.masks import causal_mask, segments_mask
from clearhead.model.observed import Observed
from clearhead.model.positions import Start, require_room, restarted
from clearhead.model.stacks import SelfAttentionStack


class DecoderOnly(Observed):
    """One stack that reads a text and, at each of its places, predicts the token that comes next.

    `seed` draws the initial weights. Source: Radford et al. 2018, "Improving Language Understanding by Generative
    Pre-Training", section 3.1; the blocks are those of "Attention Is All You Need".
    """

    def __init__(self, config: DecoderOnlyConfig, seed: int = 1) -> None:
        super().__init__()
        self.config, block = config, config.block
        matrix = embedding_matrix(config.vocabulary, config.width)
        self.embedding = Embedding(block, matrix)
        self.decoder = SelfAttentionStack(block, config.layers, looks_both_ways=False)
        self.output = Output(matrix if config.share_embeddings else embedding_matrix(config.vocabulary, config.width))
        initialize(self, seed, config.initialization)
        self.as_built = structure_of(self) if type(self) is DecoderOnly else None

    def forward(
        self,
        ids: Int[Tensor, "rows length"],
        mask: Bool[Tensor, "#rows 1 #length length"] | None = None,
        cache: StackCache | None = None,
    ) -> Float[Tensor, "rows length vocabulary"]:
        """The logits of each next token, given it and those before it.

        mask: who may attend to whom, where it is not each to itself and to those before it.
        With a `cache`, which has read the prompts, it is a decoding step: see `step`.
        """
        if cache is not None:
            return self._next(ids, cache)
        return self.output(self.hidden_states(ids, mask))

    def hidden_states(
        self,
        ids: Int[Tensor, "rows length"],
        mask: Bool[Tensor, "#rows 1 #length length"] | None = None,
        segments: Int[Tensor, "rows length"] | None = None,
    ) -> Float[Tensor, "rows length width"]:
        """What goes into the last linear layer: for a loss that computes that layer itself.

        segments: which of the documents that share a row each place belongs to, 1, 2, …, and 0 where padding is. Every
        position gets the same as if its document had a row of its own.
        """
        require_ids("ids", ids)
        mask = causal_mask(ids.shape[1], ids.device) if mask is None else mask
        start: Start = 0
        if segments is not None:
            mask, start = segments_mask(segments, mask), restarted(segments)
        self.tell("mask", mask)
        return self.decoder(self.embedding(ids, start), mask, start)

    def begin(
        self, prompts: Int[Tensor, "sentences longest"], lengths: Int[Tensor, "sentences"], beams: int = 1
    ) -> StackCache:
        """What `step` needs to go on from these prompts with `beams` hypotheses each.

        Each prompt stands at the beginning of its row and has as many tokens as `lengths` says, or none at all.
        """
        require_ids("prompts", prompts)
        require_lengths(lengths, prompts)
        cache = StackCache(len(self.decoder.layers), lengths, beams)
        prompts = prompts[:, : cache.longest]
        # What fills a row up stands behind its prompt, which under the causal mask does not see it.
        mask = causal_mask(cache.longest, prompts.device)
        self.decoder(self.embedding(prompts), mask, caches=[prompt.append for prompt in cache.prompts])
        return cache

    def step(
        self, tokens: Int[Tensor, "sentences beams"], cache: StackCache
    ) -> Float[Tensor, "sentences beams vocabulary"]:
        """The logits of the token after `tokens`, the newest token of every hypothesis, as in generating."""
        logits: Tensor = self(tokens, cache=cache)
        return logits

    def _next(
        self, tokens: Int[Tensor, "sentences beams"], cache: StackCache
    ) -> Float[Tensor, "sentences beams vocabulary"]:
        require_room(cache.longest + cache.length + 1, self.config.max_length)
        # Each hypothesis is a row of one token, which stands at a position of its own.
        start, mask = cache.positions, cache.mask
        keys = None if self.decoder.position_bias is None else cache.keys
        states = self.decoder(self.embedding(tokens.reshape(-1, 1), start), mask, start, cache.readers(), keys)
        cache.length += 1
        return self.output(states.view(*tokens.shape, -1))


remember(DecoderOnly)
