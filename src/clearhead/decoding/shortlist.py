"""A lexical shortlist: for each sentence, the target tokens that its source tokens are likely to be translated into.

The output layer then computes the logits of these alone, a few hundred instead of the whole vocabulary. Every sentence
has a list of its own: with the union of a batch's lists, a sentence's translation would depend on its neighbours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearhead.errors import DecodingError
from clearhead.runtimes.runtime import Lists

Ids = NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class Shortlist:
    """Which target ids may translate each source id.

    offsets, targets: source id s may become targets[offsets[s]] to targets[offsets[s + 1] - 1].
    always: target ids that every sentence may have, such as the frequent ones.
    target_vocabulary: how many target ids there are.
    language: the language that it was learned for, where sources begin with a tag; else None.

    Raises DecodingError where these contradict each other.
    """

    offsets: Ids
    targets: Ids
    always: Ids
    target_vocabulary: int
    language: str | None = None

    def __post_init__(self) -> None:
        counts = np.diff(self.offsets) if len(self.offsets) else np.array([-1])
        if (counts < 0).any() or self.offsets[0] != 0 or self.offsets[-1] != len(self.targets):
            raise DecodingError(f"the shortlist's offsets do not rise from 0 to its {len(self.targets)} targets")
        for ids in (self.targets, self.always):
            if len(ids) and not 0 <= ids.min() <= ids.max() < self.target_vocabulary:
                raise DecodingError(
                    f"the shortlist has target ids from {ids.min()} to {ids.max()}; expected 0 to "
                    f"{self.target_vocabulary - 1}: use the one that was made for this model"
                )

    @property
    def source_vocabulary(self) -> int:
        """How many source ids it knows."""
        return len(self.offsets) - 1

    @cached_property
    def _targets(self) -> list[Ids]:
        """Those of each source id, taken apart once: a sentence asks for some dozens of them."""
        return np.split(self.targets, self.offsets[1:-1])

    @cached_property
    def _always(self) -> NDArray[np.bool_]:
        return np.isin(np.arange(self.target_vocabulary), self.always)

    def always_has(self, tokens: Ids) -> bool:
        """Whether every sentence may have each of these target ids."""
        return bool(self._always[tokens].all())

    def lists(self, sources: Sequence[Sequence[int]], besides: Sequence[Sequence[int]]) -> Lists:
        """Each sentence's list: what may always be, what its source ids may become, and its ids of `besides`."""
        found = []
        for source, more in zip(sources, besides, strict=True):
            wanted = self._always.copy()
            wanted[np.concatenate([self._targets[piece] for piece in set(source)])] = True
            wanted[list(more)] = True
            found.append(np.flatnonzero(wanted))
        counts = [len(tokens) for tokens in found]
        # What fills a row up names a token beyond the vocabulary, so that it cannot be taken for one of the list.
        table = np.full((len(found), max(counts)), self.target_vocabulary, np.int32)
        for row, tokens in zip(table, found, strict=True):
            row[: len(tokens)] = tokens
        return Lists(table, np.array(counts, np.int32), self.target_vocabulary)
