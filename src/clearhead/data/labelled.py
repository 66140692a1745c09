"""Texts with labels as ids, and batches of them: each text has a row of its own and one class to predict."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Int64
from numpy.typing import NDArray
from torch import Tensor

from clearhead.data.batches import padded
from clearhead.data.replaying import followed_by, replay_weights
from clearhead.data.token_file import Sequences, TokenFile

# No class has this number, so that a place of it has nothing to predict.
NO_CLASS = -1


@dataclass(frozen=True)
class LabelledTexts:
    """A corpus of texts, each of one class.

    Attributes:
        texts: for each text begin, its ids, and end.
        classes: the number of each text's class.
        key: a name made from all that the ids depend on.
        cut: how many texts were longer than what is read of one.
        former_keys: the names that older versions gave the same: there are none yet.
    """

    texts: TokenFile
    classes: NDArray[np.int64]
    key: str
    cut: int = 0
    former_keys: tuple[str, ...] = ()

    def is_called(self, key: object) -> bool:
        """Whether this version or an older one gave it that name."""
        return key in (self.key, *self.former_keys)

    def with_old(self, old: "LabelledTexts", share: float) -> "LabelledTexts":
        """These texts and old ones, which are `share` of the tokens of an epoch."""
        lengths = np.concatenate([self.texts.lengths, old.texts.lengths])
        weights = replay_weights(np.ones(len(self)), np.ones(len(old)), lengths, share)
        texts, classes = followed_by(self.texts, old.texts, weights), np.concatenate([self.classes, old.classes])
        return LabelledTexts(texts, classes, f"{self.key}+{old.key}", self.cut + old.cut)

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def ids(self) -> NDArray[Any]:
        """All texts' ids, one after the other."""
        return self.texts.ids

    @property
    def report(self) -> str:
        """How much there is to learn from, and what of it is not read."""
        cut = f"; {self.cut:,} are cut at {self.longest:,}, as model.max_length says" if self.cut else ""
        return f"{self.tokens:,} tokens{cut}"

    @property
    def longest(self) -> int:
        """The most ids of a text."""
        return int(self.texts.lengths.max())

    @property
    def tokens(self) -> int:
        """How many ids there are to read."""
        return self.texts.tokens


@dataclass(frozen=True)
class LabelledBatch:
    """What one forward pass of a classifier needs.

    Attributes:
        ids: what is read; then `text_padding`.
        target_output: the number of each text's class.
        target_tokens: how many texts there are: what a summed loss is divided by.
        text_padding: the id that is padding in `ids`.
        padding: stands in `target_output` where nothing is to be predicted, which is nowhere.
    """

    ids: Int64[Tensor, "texts length"]
    target_output: Int64[Tensor, "texts 1"]
    target_tokens: int
    text_padding: int
    padding: int = NO_CLASS

    def __len__(self) -> int:
        return len(self.ids)

    def tensors(self) -> tuple[Tensor, ...]:
        return self.ids, self.target_output

    def twice(self) -> "LabelledBatch":
        """A batch that has all rows of this one, and then all of them again."""
        return self._with([torch.cat([one, one]) for one in self.tensors()], 2 * self.target_tokens)

    def part(self, rank: int, count: int) -> "LabelledBatch | None":
        """Every `count`-th text, from number `rank` on; None where there are none."""
        tensors = [one[rank::count].contiguous() for one in self.tensors()]
        return self._with(tensors, len(tensors[0])) if len(tensors[0]) else None

    def to(self, device: torch.device | str, copy: bool = False) -> "LabelledBatch":
        """The same batch on another device; with `copy` in other tensors even where it is there already."""
        moved = [one.to(device, non_blocking=True, copy=copy) for one in self.tensors()]
        return self._with(moved, self.target_tokens)

    def _with(self, tensors: list[Tensor], target_tokens: int) -> "LabelledBatch":
        ids, target_output = tensors
        return dataclasses.replace(self, ids=ids, target_output=target_output, target_tokens=target_tokens)


def collate_labelled(
    texts: Sequences, classes: NDArray[np.int64], indices: NDArray[np.integer[Any]], padding: int
) -> LabelledBatch:
    """The texts at `indices`, in that order, one a row; `padding` fills the shorter rows."""
    ids, _ = padded(texts, indices, padding)
    return LabelledBatch(torch.from_numpy(ids), torch.from_numpy(classes[indices])[:, None], len(indices), padding)


def labelled_texts(texts: Sequence[Sequence[int]], classes: Sequence[int], key: str, cut: int = 0) -> LabelledTexts:
    """Ids in memory: a table of texts that somebody has labelled is small."""
    lengths = np.array([len(one) for one in texts], np.int32)
    ids = np.fromiter((id for one in texts for id in one), np.int64, int(lengths.sum()))
    return LabelledTexts(TokenFile(ids, lengths), np.array(classes, np.int64), key, cut)
