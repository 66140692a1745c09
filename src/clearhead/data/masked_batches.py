"""Pieces of documents with masked places as tensors: for a masked language model, and for masked next tokens."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Int64
from numpy.typing import NDArray
from torch import Tensor

from clearhead.data.masking import Masking
from clearhead.data.packing import Layout, PackedRows, laid_out
from clearhead.data.text_batches import TextBatch
from clearhead.data.token_file import runs
from clearhead.data.windows import Windows


@dataclass(frozen=True)
class MaskedBatch:
    """What one forward pass of a masked language model needs.

    Attributes:
        ids: what is read, some places masked; then padding.
        places: the places that are predicted, all rows one after the other.
        target_output: what stood there; padding where `places` are more than are predicted.
        target_tokens: how many places of `target_output` are not padding: what a summed loss is divided by.
        padding: the id that is padding.
        segments: where several pieces share a row, which of them each place belongs to, from 1 on; None where none do.
    """

    ids: Int64[Tensor, "rows length"]
    places: Int64[Tensor, "places"]
    target_output: Int64[Tensor, "places"]
    target_tokens: int
    padding: int
    segments: Int64[Tensor, "rows length"] | None = None
    is_masked: bool = True

    def __len__(self) -> int:
        return len(self.ids)

    def tensors(self) -> tuple[Tensor, ...]:
        """Its tensors: three, or four where pieces share rows."""
        all_have = self.ids, self.places, self.target_output
        return all_have if self.segments is None else (*all_have, self.segments)

    def twice(self) -> "MaskedBatch":
        """A batch that has all rows of this one, and then all of them again."""
        ids, places, *rest = self.tensors()
        doubled = [torch.cat([one, one]) for one in (ids, *rest)]
        return self._with([doubled[0], torch.cat([places, places + ids.numel()]), *doubled[1:]], 2 * self.target_tokens)

    def to(self, device: torch.device | str, copy: bool = False) -> "MaskedBatch":
        """The same batch on another device; with `copy` in other tensors even where it is there already."""
        return self._with([one.to(device, non_blocking=True, copy=copy) for one in self.tensors()], self.target_tokens)

    def _with(self, tensors: list[Tensor], target_tokens: int) -> "MaskedBatch":
        ids, places, target_output, *segments = tensors
        return dataclasses.replace(
            self, ids=ids, places=places, target_output=target_output, target_tokens=target_tokens,
            segments=segments[0] if segments else None,
        )  # fmt: skip


@dataclass(frozen=True)
class TwoWayBatch:
    """What one forward pass of a model needs that reads both ways: as a GPT does, or as a BERT does.

    Attributes:
        text: what is read, and for each place the token after it, where it is to be predicted.
        sees_all: whether each place sees the whole text, and masked places alone are predicted. A tensor, so that
            batches of one shape can take the place of each other.
    """

    text: TextBatch
    sees_all: Bool[Tensor, ""]
    is_masked: bool

    def __len__(self) -> int:
        return len(self.text)

    @property
    def ids(self) -> Tensor:
        return self.text.ids

    @property
    def segments(self) -> Tensor | None:
        return self.text.segments

    @property
    def target_output(self) -> Tensor:
        return self.text.target_output

    @property
    def target_tokens(self) -> int:
        return self.text.target_tokens

    @property
    def padding(self) -> int:
        return self.text.padding

    def tensors(self) -> tuple[Tensor, ...]:
        """What is read, what is to be predicted, and whether all is seen; then, where pieces share rows, which."""
        ids, target_output, *segments = self.text.tensors()
        return ids, target_output, self.sees_all, *segments

    def twice(self) -> "TwoWayBatch":
        """A batch that has all rows of this one, and then all of them again."""
        return dataclasses.replace(self, text=self.text.twice())

    def part(self, rank: int, count: int) -> "TwoWayBatch | None":
        """Every `count`-th row, from number `rank` on; None where there are none."""
        text = self.text.part(rank, count)
        return None if text is None else dataclasses.replace(self, text=text)

    def to(self, device: torch.device | str, copy: bool = False) -> "TwoWayBatch":
        """The same batch on another device; with `copy` in other tensors even where it is there already."""
        moved = self.sees_all.to(device, non_blocking=True, copy=copy)
        return dataclasses.replace(self, text=self.text.to(device, copy), sees_all=moved)


def collate_masked(
    windows: Windows, packed: PackedRows, length: int, padding: int, masking: Masking, *, share_rows: bool
) -> MaskedBatch:
    """The pieces of `packed` as rows of `length` places, some of them masked.

    share_rows: whether several pieces may share a row. Then all batches of one shape have as many places to predict.
    """
    ids, layout, read, chosen = _masked(windows, packed, length, masking)
    places, wanted = layout.places[chosen], ids[chosen]
    room = masking.most(len(packed.counts) * length) if share_rows else len(places)
    found = np.full((2, room), padding, np.int64)
    found[0] = 0
    found[0, : len(places)], found[1, : len(places)] = places[:room], wanted[:room]
    segments = layout.rows(layout.numbers, 0) if share_rows else None
    predicted, target = torch.from_numpy(found).unbind()
    return MaskedBatch(layout.rows(read, padding), predicted, target, min(room, len(places)), padding, segments)


def collate_masked_next(
    windows: Windows, packed: PackedRows, length: int, padding: int, masking: Masking, *, share_rows: bool
) -> TwoWayBatch:
    """The same for a model that predicts each masked token at the place before it.

    The first place of a piece has none before it, so it is never masked.
    """
    ids, layout, read, chosen = _masked(windows, packed, length, masking)
    chosen[layout.begins], read[layout.begins] = False, ids[layout.begins]
    target = np.full(layout.shape, padding, np.int64)
    target.ravel()[layout.places[chosen] - 1] = ids[chosen]
    segments = layout.rows(layout.numbers, 0) if share_rows else None
    text = TextBatch(layout.rows(read, padding), torch.from_numpy(target), int(chosen.sum()), padding, segments)
    return TwoWayBatch(text, torch.tensor(True), is_masked=True)


def _masked(
    windows: Windows, packed: PackedRows, length: int, masking: Masking
) -> tuple[NDArray[Any], Layout, NDArray[np.int64], NDArray[np.bool_]]:
    """The ids of the pieces one after the other, where they stand, what is read there, and which are masked."""
    ids, layout = laid_out(windows, packed, length)
    places, _ = runs(windows.starts[packed.indices], windows.lengths[packed.indices])
    return ids, layout, *masking.read(ids, places)


def one_a_row(indices: NDArray[np.integer[Any]], windows: Windows) -> tuple[PackedRows, int]:
    """The pieces at `indices` as rows of their own, as long as the longest of them."""
    length = int(windows.lengths[indices].max(initial=0))
    return PackedRows(indices.astype(np.int64), np.ones(len(indices), np.int64)), length
