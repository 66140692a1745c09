"""Keys and values already computed, so that a decoding step computes its own position only."""

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from clearhead.model.attention import KeysValues, join


class Past:
    """The keys and values of the target positions so far, of one layer's self-attention.

    Rows are sentences × beams: hypothesis j of sentence i is row i·beams + j.
    """

    def __init__(self) -> None:
        self._kept: KeysValues | None = None

    @property
    def length(self) -> int:
        return 0 if self._kept is None else self._kept.key.shape[2]

    def append(self, new: KeysValues) -> KeysValues:
        """Add the positions just computed and return all of them."""
        self._kept = new if self._kept is None else join(self._kept, new)
        return self._kept

    def select(self, rows: Int[Tensor, "rows"]) -> None:
        if self._kept is not None:
            self._kept = KeysValues(self._kept.key[rows], self._kept.value[rows])


class DecoderCache:
    """All that decoding remembers between steps: for each layer the memory's keys and values and the target's past.

    The memory's are kept once for each sentence, never once for each beam.
    """

    def __init__(
        self, memories: list[KeysValues], source_mask: Bool[Tensor, "sentences 1 1 source"], beams: int
    ) -> None:
        self.memories = memories
        self.source_mask = source_mask
        self.beams = beams
        self.pasts = [Past() for _ in memories]
        self.length = 0

    def select(self, sentences: Int[Tensor, "kept"], beams: Int[Tensor, "kept kept_beams"]) -> None:
        """Keep some sentences, and in each some hypotheses, in the order given.

        Afterwards row j of kept sentence i continues what was row beams[i, j] of sentence sentences[i].
        """
        rows = (sentences[:, None] * self.beams + beams).flatten()
        if not _is_identity(rows, self.source_mask.shape[0] * self.beams):
            for past in self.pasts:
                past.select(rows)
        if not _is_identity(sentences, self.source_mask.shape[0]):
            self.memories = [KeysValues(key[sentences], value[sentences]) for key, value in self.memories]
            self.source_mask = self.source_mask[sentences]
        self.beams = beams.shape[1]


def _is_identity(chosen: Int[Tensor, "chosen"], length: int) -> bool:
    """Whether choosing these rows would copy everything to where it already is."""
    return chosen.shape[0] == length and bool((chosen == torch.arange(length, device=chosen.device)).all())
