"""How the documents of an epoch or of a validation become rows, for all tasks that learn from documents."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearhead.data import PackedRows, PreparedText, Windows, cut, cut_to_judge, pack, plan
from clearhead.recipe import ResolvedTraining


def planned_rows(
    training: ResolvedTraining, corpus: PreparedText, max_length: int, epoch: int, first: int = 0, ahead: int = 1
) -> Iterator[tuple[Windows, NDArray[np.int64] | PackedRows]]:
    """The batches of an epoch from number `first` on: pieces of `max_length` places at most, in random order.

    Each is a piece a row; where rows are packed, several. ahead: as `cut` has it.
    """
    seed: dict[str, Any] = {"seed": training.seed, "epoch": epoch}
    if not training.packing:
        windows = cut(corpus.documents, max_length, ahead=ahead, **seed)
        seed["weights"] = windows.weights
        for indices in plan(windows.lengths, windows.lengths, batch_tokens=training.batch_tokens, **seed)[first:]:
            yield windows, indices
        return
    rows, length = training.packed_shape
    windows = cut(corpus.documents, min(max_length, length), ahead=ahead, **seed)
    seed["weights"] = windows.weights
    for packed in itertools.islice(
        pack(windows.lengths, windows.lengths, rows=rows, length=length, **seed), first, None
    ):
        yield windows, packed


def rows_to_judge(
    corpus: PreparedText, max_length: int, batch_tokens: int, context: int = 0, ahead: int = 1
) -> Iterator[tuple[Windows, NDArray[np.int64]]]:
    """The batches of a validation, in which each place is predicted once: a piece of `max_length` at most a row.

    context, ahead: as `cut_to_judge` has them.
    """
    windows = cut_to_judge(corpus.documents, max_length, context, ahead)
    budget = max(batch_tokens, int(windows.lengths.max()))
    for indices in plan(windows.lengths, windows.lengths, batch_tokens=budget, seed=0, epoch=0):
        yield windows, indices
