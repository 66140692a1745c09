"""The Transformer of the paper's figure 1, top-down."""

from jaxtyping import Bool, Float, Int
from torch import Tensor

from clearhead.errors import ConfigError
from clearhead.model.as_built import remember, structure_of
from clearhead.model.cache import DecoderCache
from clearhead.model.checks import require_pairs
from clearhead.model.config import SHARED_SOURCE, TransformerConfig
from clearhead.model.embedding import Embedding, Output, embedding_matrix
from clearhead.model.initialization import initialize
from clearhead.model.masks import Masks, Segments, causal_mask, packed_masks, unpadded_masks
from clearhead.model.observed import Observed
from clearhead.model.positions import Start, restarted
from clearhead.model.stacks import Decoder, SelfAttentionStack


class EncoderDecoder(Observed):
    """The encoder turns the source into a memory; the decoder, attending to it, predicts the target token by token.

    `seed` draws the initial weights. Source: "Attention Is All You Need", section 3 and figure 1.
    """

    def __init__(self, config: TransformerConfig, seed: int = 1) -> None:
        super().__init__()
        self.config, block = config, config.block
        target = embedding_matrix(config.target_vocabulary, config.width)
        share_source = config.share_embeddings in SHARED_SOURCE
        share_output = config.share_embeddings in ("all", "target")
        source = target if share_source else embedding_matrix(config.source_vocabulary, config.width)
        output = target if share_output else embedding_matrix(config.target_vocabulary, config.width)
        self.source_embedding = Embedding(block, source)
        self.encoder = SelfAttentionStack(block, config.encoder_layers, result="memory")
        self.target_embedding = Embedding(block, target)
        self.decoder = Decoder(block, config.decoder_layers)
        self.output = Output(output, config.output_bias)
        initialize(self, seed, config.initialization)
        # Whoever computes the same in another way asks whether it still is what was built here. A subclass is not.
        self.as_built = structure_of(self) if type(self) is EncoderDecoder else None

    def forward(
        self,
        source: Int[Tensor, "sentences source"] | None,
        target: Int[Tensor, "sentences target"],
        masks: Masks | None = None,
        cache: DecoderCache | None = None,
    ) -> Float[Tensor, "sentences target vocabulary"]:
        """The logits of each next target token, given the source and the target tokens before it.

        `target` is shifted right: it begins with the begin symbol, and row t of the result predicts token t + 1.
        masks: who may attend to whom, such as `masks_for(source, target, tokenizer.padding)`; without them every
        sentence fills its row.
        With a `cache`, which has read the source, it is a decoding step: see `step`.
        """
        if cache is not None:
            return self._next(target, cache)
        if source is None:
            raise ConfigError("source is None; give its ids, or a cache that has read it")
        return self.output(self.hidden_states(source, target, masks))

    def hidden_states(
        self,
        source: Int[Tensor, "sentences source"],
        target: Int[Tensor, "sentences target"],
        masks: Masks | None = None,
        segments: Segments | None = None,
    ) -> Float[Tensor, "sentences target width"]:
        """What goes into the last linear layer: for a loss that computes that layer itself.

        With `segments` several pairs share a row, and masks and positions follow from them: every position gets the
        same as if its pair had a row of its own.
        """
        require_pairs(source, target)
        source_start: Start = 0
        target_start: Start = 0
        if segments is not None:
            masks, (source_start, target_start) = packed_masks(segments), map(restarted, segments)
        masks = unpadded_masks(source, target) if masks is None else masks
        if not isinstance(masks, Masks):
            raise ConfigError(f"masks is a {type(masks).__name__}; give Masks, such as masks_for makes")
        self.tell("masks.source", masks.source)
        self.tell("masks.target", masks.target)
        memory = self.encode(source, masks.source, source_start)
        return self.decoder(self.target_embedding(target, target_start), memory, masks, target_start)

    def encode(
        self,
        source: Int[Tensor, "sentences source"],
        mask: Bool[Tensor, "sentences 1 #source source"],
        start: Start = 0,
    ) -> Float[Tensor, "sentences source width"]:
        """The memory: one vector for each source token that has seen all the others. start: the first position."""
        return self.encoder(self.source_embedding(source, start), mask, start)

    def decode(
        self,
        target: Int[Tensor, "sentences target"],
        memory: Float[Tensor, "sentences source width"],
        masks: Masks,
    ) -> Float[Tensor, "sentences target vocabulary"]:
        """The logits of every position at once."""
        return self.output(self.decoder(self.target_embedding(target), memory, masks))

    def begin(
        self,
        memory: Float[Tensor, "sentences source width"],
        source_mask: Bool[Tensor, "sentences 1 1 source"],
        beams: int = 1,
    ) -> DecoderCache:
        """What `step` needs to translate these sentences with `beams` hypotheses each."""
        return DecoderCache(self.decoder.memories(memory), source_mask, beams)

    def step(
        self, tokens: Int[Tensor, "sentences beams"], cache: DecoderCache
    ) -> Float[Tensor, "sentences beams vocabulary"]:
        """The logits of the token after `tokens`, the newest token of every hypothesis, as in translating."""
        logits: Tensor = self(None, tokens, cache=cache)
        return logits

    def _next(
        self, tokens: Int[Tensor, "sentences beams"], cache: DecoderCache
    ) -> Float[Tensor, "sentences beams vocabulary"]:
        # Every hypothesis's newest token stands at the same position, so each is embedded as a sentence of one token.
        embedded = self.target_embedding(tokens.reshape(-1, 1), start=cache.length)
        masks = Masks(cache.source_mask, causal_mask(1, tokens.device), cache.source_mask)
        return self.output(self.decoder(embedded.view(*tokens.shape, -1), None, masks, cache=cache))


remember(EncoderDecoder)
