"""The scores of given targets, by PyTorch, all positions at once."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from clearhead.bounds import whole
from clearhead.decoding.batches import batches
from clearhead.decoding.checks import Ids, check_ids, check_options
from clearhead.decoding.hypothesis import Hypothesis, make_hypothesis
from clearhead.decoding.options import SearchOptions
from clearhead.errors import DecodingError
from clearhead.model import Masks, causal_mask
from clearhead.runtimes.eager import EagerRuntime, padded
from clearhead.runtimes.runtime import BATCH_TOKENS

Progress = Callable[[int, int], None]


def score_ids(
    model: Any,
    sources: Ids,
    targets: Ids,
    options: SearchOptions,
    *,
    ended: Sequence[bool] | None = None,
    numbers: Sequence[int] | None = None,
    batch_tokens: int | None = None,
    progress: Progress | None = None,
) -> list[Hypothesis]:
    """The score that each given target would have had as a translation of its source, the end token included.

    All positions at once, as in training, without a cache: equal within rounding to what `Engine.translate` reports.

    model: takes sources, targets and masks, as an encoder-decoder does.
    targets: ids without begin and without end. Of the options, begin, end and length_penalty count.
    ended: for each target, False where it stopped before its end, which then is not part of it; None for all True.
    numbers: as in `Engine.translate`.
    batch_tokens: a batch's sentences × longest source or target, padding included, stay within it, 2,048 where it is
    not given; the logits of a batch take 4 · batch_tokens · vocabulary bytes. Raises DecodingError for ids that the
    model cannot take.
    """
    if len(sources) != len(targets):
        raise DecodingError(f"{len(sources)} sources but {len(targets)} targets; give one target for each source")
    limit = model.config.max_length
    own = range(len(sources)) if numbers is None else numbers
    check_ids("source", sources, own, model.config.source_vocabulary, limit)
    check_options(options, model.config.target_vocabulary)
    # Begin is read and the last token is not, so as many tokens fit as there are positions, an end among them.
    room = limit - 1 if ended is None else limit
    check_ids("target", targets, own, model.config.target_vocabulary, room, at_least=0)
    ends = [[options.end] if one else [] for one in ended or [True] * len(targets)]
    wanted = [[*target, *end] for target, end in zip(targets, ends, strict=True)]

    widths = [max(len(source), len(target)) for source, target in zip(sources, wanted, strict=True)]
    budget = BATCH_TOKENS // 2 if batch_tokens is None else whole("batch_tokens", batch_tokens)
    results: dict[int, Hypothesis] = {}
    with EagerRuntime(model).session():
        for batch in batches(widths, budget):
            found = _scored(model, [sources[one] for one in batch], [wanted[one] for one in batch], options)
            results.update(zip(batch, found, strict=True))
            if progress is not None:
                progress(len(results), len(widths))
    return [results[number] for number in range(len(widths))]


def _scored(model: Any, sources: Ids, wanted: Ids, options: SearchOptions) -> list[Hypothesis]:
    """Those of one batch. wanted: the targets without begin, each with its end where that is part of it."""
    device = next(model.parameters()).device
    source, mask = padded(sources, device)
    inputs, _ = padded([[options.begin, *ids[:-1]] for ids in wanted], device)
    ids, _ = padded(wanted, device)
    logits = model(source, inputs, Masks(mask, causal_mask(inputs.shape[1], device), mask))
    log_probabilities = logits.log_softmax(-1, dtype=torch.promote_types(logits.dtype, torch.float32))
    values = log_probabilities.gather(-1, ids[..., None])[..., 0].tolist()
    return [
        make_hypothesis(ids, row[: len(ids)], options, ids[-1] == options.end)
        for ids, row in zip(wanted, values, strict=True)
    ]
