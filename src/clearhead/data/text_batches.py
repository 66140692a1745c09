"""Pieces of documents as tensors: each in a row of its own, or several in a row."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Int64
from numpy.typing import NDArray
from torch import Tensor

from clearhead.data.packing import PackedRows, laid_out
from clearhead.data.windows import Windows


@dataclass(frozen=True)
class TextBatch:
    """What one forward pass of a language model needs.

    Attributes:
        ids: what is read; then padding, or 0 where that is no id.
        target_output: the token that comes after each of them; padding where none is to be predicted.
        target_tokens: how many places of `target_output` are not padding: what a summed loss is divided by.
        padding: what stands in `target_output` where nothing is to be predicted: the id that is padding; or -1, no id,
            where a model learns to write that one.
        segments: where several pieces share a row, which of them each place belongs to, from 1 on; None where none do.
    """

    ids: Int64[Tensor, "rows places"]
    target_output: Int64[Tensor, "rows places"]
    target_tokens: int
    padding: int
    segments: Int64[Tensor, "rows places"] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def tensors(self) -> tuple[Tensor, ...]:
        """Its tensors: two, or three where pieces share rows."""
        both = self.ids, self.target_output
        return both if self.segments is None else (*both, self.segments)

    def twice(self) -> "TextBatch":
        """A batch that has all rows of this one, and then all of them again."""
        return self._with([torch.cat([one, one]) for one in self.tensors()], 2 * self.target_tokens)

    def part(self, rank: int, count: int) -> "TextBatch | None":
        """Every `count`-th row, from number `rank` on; None where there are none."""
        tensors = [one[rank::count].contiguous() for one in self.tensors()]
        tokens = int((tensors[1] != self.padding).sum())
        return self._with(tensors, tokens) if len(tensors[0]) else None

    def to(self, device: torch.device | str, copy: bool = False) -> "TextBatch":
        """The same batch on another device; with `copy` in other tensors even where it is there already."""
        moved = [one.to(device, non_blocking=True, copy=copy) for one in self.tensors()]
        return self._with(moved, self.target_tokens)

    def _with(self, tensors: list[Tensor], target_tokens: int) -> "TextBatch":
        ids, target_output, *segments = tensors
        return dataclasses.replace(
            self, ids=ids, target_output=target_output, target_tokens=target_tokens,
            segments=segments[0] if segments else None,
        )  # fmt: skip


def collate_windows(
    windows: Windows, indices: NDArray[np.integer[Any]], padding: int, shape: tuple[int, int] | None = None
) -> TextBatch:
    """The pieces at `indices`, in that order, one a row.

    shape: rows and places; what is left of them is padding. None for as many as the pieces need.
    """
    lengths, known = windows.lengths[indices], windows.known[indices]
    rows, width = shape or (len(indices), int(lengths.max(initial=0)))
    places = windows.starts[indices][:, None] + np.arange(width + 1)
    if len(indices) == rows and (lengths == width).all():
        # All alike, as nearly all batches of long documents are.
        ids = torch.from_numpy(windows.ids[places[:, :-1]].astype(np.int64))
        target = torch.from_numpy(windows.wanted(places[:, 1:], padding).astype(np.int64))
    else:
        column = np.arange(width)
        inside = column < lengths[:, None]
        read_places = np.where(inside, places[:, :-1], windows.starts[indices][:, None])
        found = np.full((2, rows, width), padding, np.int64)
        found[0] = max(padding, 0)
        found[0, : len(indices)][inside] = windows.ids[read_places][inside]
        found[1, : len(indices)][inside] = windows.wanted(read_places + 1, padding)[inside]
        ids, target = torch.from_numpy(found).unbind()
    tokens = int(lengths.sum())
    if known.any():
        target = target.clone()
        target[: len(indices)][torch.from_numpy(np.arange(width) < known[:, None])] = padding
        tokens -= int(np.minimum(known, lengths).sum())
    return TextBatch(ids, target, tokens if windows.learned is None else int((target != padding).sum()), padding)


def collate_packed_windows(windows: Windows, packed: PackedRows, length: int, padding: int) -> TextBatch:
    """The pieces of `packed` as one batch of rows of `length` places, which they share."""
    read, layout = laid_out(windows, packed, length)
    following = windows.following(packed.indices, padding)
    tokens = len(read) if windows.learned is None else int((following != padding).sum())
    return TextBatch(
        layout.rows(read, max(padding, 0)),
        layout.rows(following, padding),
        tokens,
        padding,
        layout.rows(layout.numbers, 0),
    )
