"""Sentences of about one length together, so that little is padded."""

from collections.abc import Iterator, Sequence


def batches(widths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Sentence numbers by falling width, in batches whose size × greatest width stays within the budget.

    Longest first, so that the batch that needs the most memory comes before any work is lost to it. A sentence that is
    wider than the budget is a batch of its own.
    """
    batch: list[int] = []
    for number in sorted(range(len(widths)), key=lambda number: -widths[number]):
        if batch and (len(batch) + 1) * widths[batch[0]] > budget:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch
