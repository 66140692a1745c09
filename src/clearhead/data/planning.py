"""The plan of an epoch: which examples stand together in which batch, in which order.

The paper batches sentence pairs "by approximate sequence length" (section 5.1). A plan is a pure function of its
arguments, so that a run is resumed by computing its plan again; there is no state to save.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from clearhead.errors import DataError

# An epoch's sort looks at lengths times 1 to 1 + noise, so that neighbours, and so batches, differ between epochs even
# in a small corpus.
_NOISE: Final = 0.05


def plan(
    source_lengths: NDArray[np.integer[Any]],
    target_lengths: NDArray[np.integer[Any]],
    *,
    batch_tokens: int,
    seed: int,
    epoch: int,
    weights: NDArray[np.floating[Any]] | None = None,
) -> list[NDArray[np.int64]]:
    """The batches of one epoch, each an array of examples' indices.

    Examples of about equal length stand together, and the batches are in random order. Each example comes once; with
    weights, an example of weight 2.5 comes twice, and a third time in half of the epochs.

    Args:
        source_lengths: how many ids each source has, all control symbols counted, as in `ParallelCorpus.source`.
        target_lengths: how many ids each target has, end counted, as in `ParallelCorpus.target`.
        batch_tokens: the most places of a batch, padding counted: its sentences × the longer of its longest source
            and its longest target. It bounds memory and time, whatever the lengths.
        weights: how many times each example comes, on average; None for once each.

    Raises:
        DataError: an example alone is longer than `batch_tokens`, or the weights are not numbers ≥ 0 with a sum > 0.
    """
    generator = generator_for(seed, epoch)
    widths = np.maximum(source_lengths, target_lengths)
    drawn = draw(len(widths), weights, generator)
    check_widths(source_lengths, target_lengths, drawn, batch_tokens, "batch_tokens")
    ordered = drawn[_by_length(source_lengths[drawn], target_lengths[drawn], generator)]
    batches = [ordered[start:stop] for start, stop in _cuts(widths[ordered], batch_tokens)]
    return [batches[index] for index in shuffled(len(batches), generator)]


def generator_for(seed: int, epoch: int) -> np.random.Generator:
    """The random numbers of one epoch."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, epoch])))


def draw(count: int, weights: NDArray[np.floating[Any]] | None, generator: np.random.Generator) -> NDArray[np.int64]:
    """The examples of this epoch, in order, each as often as its weight says."""
    if weights is None:
        return np.arange(count)
    if len(weights) != count or not np.isfinite(weights).all() or (weights < 0).any() or not weights.sum() > 0:
        raise DataError("weights must be finite numbers of 0 or more, one for each example, and not all 0")
    copies = np.floor(weights)
    copies += generator.random(count) < weights - copies
    return np.repeat(np.arange(count), copies.astype(np.int64))


def _by_length(
    source_lengths: NDArray[np.integer[Any]], target_lengths: NDArray[np.integer[Any]], generator: np.random.Generator
) -> NDArray[np.int64]:
    """Positions sorted by about their target's length, then about their source's, up and down in turn."""
    # random() alone is used, here and below: NumPy keeps its numbers the same across versions, permutation()'s not.
    noise = 1 + _NOISE * generator.random((2, len(target_lengths)))
    source, target = source_lengths * noise[0], np.round(target_lengths * noise[1])
    # In turn, so that where one target length ends and the next begins a long source does not meet a short one: on
    # Multi30k at 4096 tokens 94.9 % of the places are real tokens instead of 92.0 %.
    return np.lexsort((np.where(target % 2 == 0, source, -source), target))


def shuffled(count: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """The numbers from 0 to `count` - 1 in random order."""
    return np.argsort(generator.random(count), kind="stable")


def _cuts(widths: NDArray[np.integer[Any]], batch_tokens: int) -> list[tuple[int, int]]:
    """Where batches start and stop: each takes as many examples, one after the other, as its budget admits."""
    cuts = []
    start = widest = 0
    for position, width in enumerate(widths.tolist()):
        widest = max(widest, width)
        if (position + 1 - start) * widest > batch_tokens:
            cuts.append((start, position))
            start, widest = position, width
    return [*cuts, (start, len(widths))] if len(widths) else cuts


def check_widths(
    source_lengths: NDArray[np.integer[Any]],
    target_lengths: NDArray[np.integer[Any]],
    drawn: NDArray[np.int64],
    limit: int,
    setting: str,
) -> None:
    """Raise DataError where a side of a drawn example is longer than `limit`, the value of training's `setting`."""
    widths = np.maximum(source_lengths, target_lengths)
    if len(drawn) == 0 or widths[drawn].max() <= limit:
        return
    longest = int(drawn[widths[drawn].argmax()])
    raise DataError(
        f"example {longest:,} has {source_lengths[longest]:,} source and {target_lengths[longest]:,} target tokens, "
        f"more than {setting}={limit}; raise training.{setting} to {widths[longest]} or set "
        f"data.filters.max_tokens to {limit - 2} or less"
    )
