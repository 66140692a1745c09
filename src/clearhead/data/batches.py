"""Some examples as tensors, padded to equal length."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Int64
from numpy.typing import NDArray
from torch import Tensor

from clearhead.data.token_file import ParallelCorpus, Sequences
from clearhead.model import Segments


@dataclass(frozen=True)
class Batch:
    """What one forward pass needs.

    Attributes:
        source: the tag (where there are tags), the ids, end; then padding.
        target_input: begin and the ids, what the decoder reads; then padding.
        target_output: the ids and end, what it is to predict, "shifted right" (figure 1); then padding.
        source_tokens: how many places of `source` are not padding.
        target_tokens: how many places of `target_output` are not padding: what a summed loss is divided by.
        padding: the id that is padding, on both sides.
        segments: where several pairs share a row, which of them each place belongs to; None where none do.
    """

    source: Int64[Tensor, "sentences source_length"]
    target_input: Int64[Tensor, "sentences target_length"]
    target_output: Int64[Tensor, "sentences target_length"]
    source_tokens: int
    target_tokens: int
    padding: int
    segments: Segments | None = None

    def __len__(self) -> int:
        return len(self.source)

    def tensors(self) -> tuple[Tensor, ...]:
        """Its tensors: three, or five where pairs share rows."""
        return (self.source, self.target_input, self.target_output, *(self.segments or ()))

    def twice(self) -> "Batch":
        """A batch that has all rows of this one, and then all of them again."""

        def doubled(tensor: Tensor) -> Tensor:
            return torch.cat([tensor, tensor])

        return Batch(
            doubled(self.source),
            doubled(self.target_input),
            doubled(self.target_output),
            2 * self.source_tokens,
            2 * self.target_tokens,
            self.padding,
            self.segments and Segments(*map(doubled, self.segments)),
        )

    def part(self, rank: int, count: int) -> "Batch | None":
        """Every `count`-th row, from number `rank` on; None where there are none."""
        source, target_input, target_output, *segments = (one[rank::count].contiguous() for one in self.tensors())
        counts = [int((one != self.padding).sum()) for one in (source, target_output)]
        some = Segments(*segments) if segments else None
        made = Batch(source, target_input, target_output, counts[0], counts[1], self.padding, some)
        return made if len(source) else None

    def to(self, device: torch.device | str, copy: bool = False) -> "Batch":
        """The same batch on another device; with `copy` in other tensors even where it is there already."""

        def moved(tensor: Tensor) -> Tensor:
            return tensor.to(device, non_blocking=True, copy=copy)

        return dataclasses.replace(
            self,
            source=moved(self.source),
            target_input=moved(self.target_input),
            target_output=moved(self.target_output),
            segments=self.segments and Segments(*map(moved, self.segments)),
        )


def collate(corpus: ParallelCorpus, indices: NDArray[np.integer[Any]], begin: int, padding: int) -> Batch:
    """The examples at `indices`, in that order, as one batch.

    Args:
        begin: the id that starts `target_input`.
        padding: the id that fills the shorter rows.
    """
    source, source_places = padded(corpus.source, indices, padding)
    target_output, target_places = padded(corpus.target, indices, padding)
    target_input = np.full_like(target_output, padding)
    target_input[:, 0] = begin
    # A row's end is predicted, never read: its place in the shifted row is padding.
    target_input[:, 1:] = np.where(target_places[:, 1:], target_output[:, :-1], padding)
    return Batch(
        torch.from_numpy(source),
        torch.from_numpy(target_input),
        torch.from_numpy(target_output),
        int(source_places.sum()),
        int(target_places.sum()),
        padding,
    )


def padded(
    side: Sequences, indices: NDArray[np.integer[Any]], padding: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The sequences as rows of one array, and where it is not padding."""
    ids, lengths = side.gather(indices)
    places = np.arange(lengths.max(initial=0)) < lengths[:, None]
    rows = np.full(places.shape, padding, dtype=np.int64)
    rows[places] = ids
    return rows, places
