"""What an encoder-only model ends in: before the vocabulary's matrix, for a whole text, and for its class."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from clearhead.errors import ConfigError
from clearhead.model.config import GATED, BlockConfig, EncoderOnlyConfig
from clearhead.model.dropout import Dropout
from clearhead.model.feed_forward import FUNCTIONS
from clearhead.model.linear import Linear
from clearhead.model.norms import normalization, normalized
from clearhead.model.observed import Observed


class Transform(Observed):
    """What BERT's masked head does before the vocabulary's matrix: normalise f(x·W + b).

    Of a gated activation f is the function alone. Source: google-research/bert, modeling and run_pretraining.py.
    """

    def __init__(self, config: BlockConfig, width: int | None = None) -> None:
        """width: that of the vectors which the matrix is for; the blocks' where None is given."""
        super().__init__()
        self.dense = Linear(config.width, config.width if width is None else width, config.bias)
        self.activation = GATED.get(config.activation, config.activation)
        self.function = FUNCTIONS[self.activation]
        self.normalization = normalization(config, width)

    def forward(self, vectors: Float[Tensor, "*places width"]) -> Float[Tensor, "*places narrow"]:
        dense = self.see("dense", self.dense(vectors), "project", vectors, weights="dense")
        activated = self.see("activated", self.function(dense), "activate", dense, function=self.activation)
        return normalized(self, "normalized", activated)


class Pooler(Observed):
    """One vector for a text: its first token's or the mean of its tokens, then f(x·W + b) where there is a pooler.

    Source: Devlin et al. 2019, "BERT", section 3 (first token); Reimers and Gurevych 2019, "Sentence-BERT" (mean).
    """

    def __init__(self, config: EncoderOnlyConfig) -> None:
        super().__init__()
        self.pooling = config.pooling
        self.dense = Linear(config.width, config.width, config.bias) if config.pooler else None
        self.activation = config.pooler_activation
        self.function = torch.tanh if self.activation == "tanh" else FUNCTIONS[self.activation]

    def forward(
        self, states: Float[Tensor, "texts length width"], mask: Bool[Tensor, "#texts 1 #length length"]
    ) -> Float[Tensor, "texts 1 width"]:
        vector = self._mean(states, mask) if self.pooling == "mean" else self._first(states)
        if self.dense is None:
            return vector
        dense = self.see("dense", self.dense(vector), "project", vector, weights="dense")
        return self.see("pooled", self.function(dense), "activate", dense, function=self.activation)

    def _first(self, states: Tensor) -> Tensor:
        return self.see("first", states[:, :1], "first", states)

    def _mean(self, states: Tensor, mask: Tensor) -> Tensor:
        if mask.shape[2] != 1:
            raise ConfigError(
                f"mask differs from place to place ({tuple(mask.shape)}), so that it does not say which tokens are a "
                "text's; give one of shape (texts, 1, 1, length), such as padding_mask makes"
            )
        real = mask[:, 0].to(states.dtype)
        mean = real @ states / real.sum(-1, keepdim=True).clamp(min=1)
        return self.see("mean", mean, "average", mask, states)


class Classifier(Observed):
    """One logit for each class, from a text's pooled vector: x·W + b (Devlin et al. 2019, section 4.1)."""

    def __init__(self, config: EncoderOnlyConfig) -> None:
        super().__init__()
        self.dropout = Dropout(config.dropout)
        self.output = Linear(config.width, config.classes, config.bias)

    def forward(self, pooled: Float[Tensor, "texts 1 width"]) -> Float[Tensor, "texts 1 classes"]:
        logits = self.see("logits", self.output(self.dropout(pooled)), "project", pooled, weights="output")
        self.tell("probabilities", None, "softmax", logits)
        return logits
