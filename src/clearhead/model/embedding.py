"""From token ids to vectors, and from vectors back to logits."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from clearhead.model.checks import require_ids, require_kinds, require_segments, require_vocabulary
from clearhead.model.config import ADDED, BlockConfig
from clearhead.model.dropout import Dropout
from clearhead.model.linear import Linear
from clearhead.model.norms import normalization, normalized
from clearhead.model.observed import Observed
from clearhead.model.positions import Positions, Start, require_room


def embedding_matrix(vocabulary: int, width: int) -> nn.Embedding:
    """A vector for each token, with no number set."""
    # nn.Embedding's constructor would draw numbers, from a generator that is the caller's, only to be drawn anew.
    return nn.Embedding(vocabulary, width, _weight=torch.empty(vocabulary, width, dtype=torch.float32))


class Embedding(Observed):
    """A row of a matrix for each token, times √d_model, plus its position (sections 3.4 and 3.5), dropped out (5.4).

    Rotary and relative positions add nothing here: they act inside attention. With `segments`, a vector for the kind of
    each token is added too, such as which sentence of a pair it belongs to (Devlin et al. 2019, section 3). The sum is
    normalised where `embedding_norm` is set. With an `own_width` all this has as many numbers, of which a linear layer
    then makes the blocks' width (Clark et al. 2020).
    """

    def __init__(
        self, config: BlockConfig, matrix: nn.Embedding, segments: int = 0, own_width: int | None = None
    ) -> None:
        super().__init__()
        self.matrix = matrix
        self.scale = math.sqrt(config.width) if config.scale_embeddings else 1.0
        self.max_length = config.max_length
        self.positions = Positions(config, own_width) if config.positions in ADDED else None
        self.segments = embedding_matrix(segments, matrix.embedding_dim) if segments else None
        self.normalization = normalization(config, own_width) if config.embedding_norm else None
        self.projection = None if own_width is None else Linear(own_width, config.width, config.bias)
        self.dropout = Dropout(config.dropout)

    def forward(
        self, ids: Int[Tensor, "batch length"], start: Start = 0, kinds: Int[Tensor, "batch length"] | None = None
    ) -> Float[Tensor, "batch length width"]:
        """The vectors of tokens that stand at start, start + 1, …, or each at its own position.

        kinds: which of the segments' vectors each token gets; the first one without them.
        """
        require_ids("ids", ids)
        if isinstance(start, int):
            require_room(start + ids.shape[1], self.max_length)
        self.tell("ids", ids)
        vectors = self.see(
            "tokens",
            _rows(self.matrix, ids, require_vocabulary) * self.scale,
            "embed",
            ids,
            weights="matrix",
            scale=self.scale,
        )
        if kinds is not None or self.segments is not None:
            vectors = self._of_kinds(vectors, kinds, ids)
        if self.positions is not None:
            places = self.positions(start, ids.shape[1], ids.shape[0])
            how = {"weights": "positions", "kind": self.positions.kind, "width": places.shape[-1]}
            places = self.see("positions", places, "positions", ids, **how)
            vectors = self.see("sum", vectors + places, "add", vectors, places)
        if self.normalization is not None:
            vectors = normalized(self, "normalized", vectors)
        vectors = self.dropout(vectors)
        if self.projection is None:
            return vectors
        return self.see("projected", self.projection(vectors), "project", vectors, weights="projection")

    def _of_kinds(self, vectors: Tensor, kinds: Tensor | None, ids: Tensor) -> Tensor:
        kinds = torch.zeros_like(ids) if kinds is None else kinds
        require_kinds(kinds, ids, 0 if self.segments is None else self.segments.num_embeddings)
        assert self.segments is not None
        self.tell("kinds", kinds)
        rows = _rows(self.segments, kinds, require_segments)
        rows = self.see("segments", rows, "embed", kinds, weights="segments", scale=1.0)
        return self.see("with_segments", vectors + rows, "add", vectors, rows)


def _rows(
    matrix: nn.Embedding, ids: Int[Tensor, "batch length"], require: Callable[[Tensor, int], None]
) -> Float[Tensor, "batch length width"]:
    rows: Tensor
    if torch.compiler.is_compiling():
        rows = matrix(ids)
        return rows
    try:
        rows = matrix(ids)
    except IndexError:
        require(ids, matrix.num_embeddings)
        raise
    return rows


class Output(Observed):
    """The last linear layer: one logit for each token of the vocabulary, its matrix often the embedding's (3.4).

    bias: whether a number is added to each, as in BERT's masked head.
    """

    def __init__(self, matrix: nn.Embedding, bias: bool = False) -> None:
        super().__init__()
        self.matrix = matrix
        self.bias = nn.Parameter(torch.full((matrix.num_embeddings,), math.nan)) if bias else None

    def forward(self, vectors: Float[Tensor, "*batch width"]) -> Float[Tensor, "*batch vocabulary"]:
        weights = "matrix" if self.bias is None else "matrix bias"
        logits = self.see(
            "logits", F.linear(vectors, self.matrix.weight, self.bias), "project", vectors, weights=weights
        )
        self.tell("probabilities", None, "softmax", logits)
        return logits
