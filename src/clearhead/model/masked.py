"""An encoder-only Transformer (BERT), top-down: the paper's encoder, and what is asked of its vectors."""

from typing import NamedTuple

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from clearhead.errors import ConfigError
from clearhead.model.as_built import remember, structure_of
from clearhead.model.checks import require_ids, require_places
from clearhead.model.config import EncoderOnlyConfig
from clearhead.model.embedding import Embedding, Output, embedding_matrix
from clearhead.model.heads import Classifier, Pooler, Transform
from clearhead.model.initialization import initialize
from clearhead.model.masks import full_mask, segments_mask
from clearhead.model.observed import Observed
from clearhead.model.positions import Start, restarted
from clearhead.model.stacks import SelfAttentionStack


class Predictions(NamedTuple):
    """What an encoder-only model says of some texts; None where it has no such head."""

    logits: Float[Tensor, "texts length vocabulary"] | None
    pooled: Float[Tensor, "texts width"] | None
    classes: Float[Tensor, "texts classes"] | None


class EncoderOnly(Observed):
    """One stack in which every place sees the whole text; its heads fill masked places and classify.

    `seed` draws the initial weights. Source: Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional
    Transformers for Language Understanding", section 3; the blocks are those of "Attention Is All You Need".
    """

    def __init__(self, config: EncoderOnlyConfig, seed: int = 1) -> None:
        super().__init__()
        self.config, block = config, config.block
        narrow = config.width if config.embedding_width is None else config.embedding_width
        matrix = embedding_matrix(config.vocabulary, narrow)
        own = matrix if config.share_embeddings else embedding_matrix(config.vocabulary, narrow)
        self.embedding = Embedding(block, matrix, config.segments, config.embedding_width)
        self.encoder = SelfAttentionStack(block, config.layers)
        self.transform = Transform(block, narrow) if config.masked_head == "transform" else nn.Identity()
        self.output = None if config.masked_head == "none" else Output(own, config.bias)
        self.pooler = Pooler(config) if config.pooler or config.classes else None
        self.classifier = Classifier(config) if config.classes else None
        initialize(self, seed, config.initialization)
        self.as_built = structure_of(self) if type(self) is EncoderOnly else None

    def forward(
        self,
        ids: Int[Tensor, "texts length"],
        mask: Bool[Tensor, "#texts 1 #length length"] | None = None,
        kinds: Int[Tensor, "texts length"] | None = None,
    ) -> Predictions:
        """All that the model has heads for, and for all places; what `hidden_states` says holds here too."""
        require_ids("ids", ids)
        mask = full_mask(ids) if mask is None else mask
        states = self.hidden_states(ids, mask, kinds)
        logits = None if self.output is None else self.masked_logits(states)
        pooled = None if self.pooler is None else self.pooler(states, mask)
        classes = None if self.classifier is None else self.classifier(pooled)
        return Predictions(logits, *(None if one is None else one[:, 0] for one in (pooled, classes)))

    def hidden_states(
        self,
        ids: Int[Tensor, "texts length"],
        mask: Bool[Tensor, "#texts 1 #length length"] | None = None,
        kinds: Int[Tensor, "texts length"] | None = None,
        segments: Int[Tensor, "texts length"] | None = None,
    ) -> Float[Tensor, "texts length width"]:
        """One vector for each place, which has seen all the others.

        mask: who may attend to whom, such as `padding_mask(ids, tokenizer.padding)`; without it, all to all.
        kinds: which segment embedding each place has, 0, 1, …, as in BERT's pairs of sentences; 0 without them.
        segments: which of the texts that share a row each place belongs to, 1, 2, …, and 0 where padding is. Every
        place gets the same as if its text had a row of its own.
        """
        require_ids("ids", ids)
        mask = full_mask(ids) if mask is None else mask
        start: Start = 0
        if segments is not None:
            mask, start = segments_mask(segments, mask), restarted(segments)
        self.tell("mask", mask)
        return self.encoder(self.embedding(ids, start, kinds), mask, start)

    def masked_logits(
        self, states: Float[Tensor, "texts length width"], places: Int[Tensor, "places"] | None = None
    ) -> Float[Tensor, "*places vocabulary"]:
        """Which token stands at each place, or at chosen ones: place p of text t is number t·length + p."""
        vectors = self.masked_vectors(states, places)
        assert self.output is not None
        return self.output(vectors)

    def masked_vectors(
        self, states: Float[Tensor, "texts length width"], places: Int[Tensor, "places"] | None = None
    ) -> Float[Tensor, "*places narrow"]:
        """What goes into the last linear layer, as `masked_logits` says it: for a loss that computes that layer itself.

        Training asks for masked places only; the vocabulary's matrix is most of a small model's work.
        """
        if self.output is None:
            raise ConfigError("masked_head=none leaves nothing to fill a place with; use a model with a masked head")
        vectors: Tensor = self.transform(states if places is None else _chosen(states.flatten(0, 1), places))
        return vectors

    def class_logits(
        self,
        states: Float[Tensor, "texts length width"],
        mask: Bool[Tensor, "#texts 1 #length length"] | None = None,
    ) -> Float[Tensor, "texts classes"]:
        """One logit for each class of each text. mask: as `hidden_states` had it; which tokens a mean is over."""
        if self.classifier is None or self.pooler is None:
            raise ConfigError("classes=0 leaves nothing to choose from; use a model with a classification head")
        mask = full_mask(states) if mask is None else mask
        return self.classifier(self.pooler(states, mask))[:, 0]


def _chosen(vectors: Float[Tensor, "all width"], places: Int[Tensor, "places"]) -> Float[Tensor, "places width"]:
    try:
        return vectors.index_select(0, places)  # Which refuses -1, too.
    except IndexError:
        require_places(places, len(vectors))
        raise


remember(EncoderOnly)
