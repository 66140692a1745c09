"""Documents in rows, of an epoch or of a validation: every place once, and the same from the middle on."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from clearhead.data import PackedRows
from clearhead.recipe import Recipe
from clearhead.tasks.rows import planned_rows, rows_to_judge
from clearhead.training.run_inputs import prepare_run


@pytest.mark.parametrize("ahead", [0, 1])
@pytest.mark.parametrize("documents", ["file", "line"])
@pytest.mark.parametrize("training", [{}, {"packing": True}], ids=["plain", "packed"])
def test_every_place_stands_in_one_row(
    language_recipe: Callable[..., Recipe], training: dict[str, Any], documents: str, ahead: int
) -> None:
    """With ahead=0 each id of the corpus, end too; with 1 all but the ends."""
    inputs = prepare_run(language_recipe(documents, training))
    settings, corpus, end = inputs.recipe.training, inputs.training, inputs.source_tokenizer.end
    for epoch in (0, 1):
        found: list[int] = []
        planned = list(planned_rows(settings, corpus, 16, epoch, ahead=ahead))
        for windows, rows in planned:
            assert isinstance(rows, PackedRows) == bool(training)
            indices = rows.indices if isinstance(rows, PackedRows) else rows
            for start, length in zip(windows.starts[indices], windows.lengths[indices], strict=True):
                assert length <= 16
                found += range(start, start + length)
        wanted = np.arange(len(corpus.ids)) if ahead == 0 else np.flatnonzero(corpus.ids != end)
        assert sorted(found) == wanted.tolist()
        rest = [rows for _, rows in planned_rows(settings, corpus, 16, epoch, 2, ahead)]
        for (_, one), other in zip(planned[2:], rest, strict=True):
            assert np.array_equal(getattr(one, "indices", one), getattr(other, "indices", other))


@pytest.mark.parametrize("ahead", [0, 1])
@pytest.mark.parametrize("budget", [1, 64])
def test_a_validation_has_every_place_once(language_recipe: Callable[..., Recipe], budget: int, ahead: int) -> None:
    """In batches of at most so many places, but that the longest piece always finds room."""
    inputs = prepare_run(language_recipe("line"))
    corpus, end, found = inputs.training, inputs.source_tokenizer.end, list[int]()
    for windows, rows in rows_to_judge(corpus, 8, budget, ahead=ahead):
        lengths = windows.lengths[rows]
        assert len(rows) * lengths.max() <= max(budget, 8)
        for start, length in zip(windows.starts[rows], lengths, strict=True):
            found += range(start, start + length)
    wanted = np.arange(len(corpus.ids)) if ahead == 0 else np.flatnonzero(corpus.ids != end)
    assert sorted(found) == wanted.tolist()
