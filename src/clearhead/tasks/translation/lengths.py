"""How long the pairs of a run may be, and are: in its corpus, in any epoch, in its rows."""

import math
from typing import Literal

from clearhead.errors import RecipeError
from clearhead.recipe import Recipe, Training


def longest_in_any_epoch(recipe: Recipe, longest: int, max_length: int) -> int:
    """The most ids that a side of a pair has in any epoch. Undone merges may make twice as many, but fit."""
    room = recipe.training.packed_length if recipe.training.packing else recipe.training.batch_tokens
    rooms = [max_length] if room == "auto" or room is None else [max_length, room]
    return min(2 * longest, *rooms) if recipe.text.merge_dropout else longest


def packed_length(training: Training, longest: int) -> int | None:
    """Where rows are packed and it is `auto`: 128 places, which most sentences fill well, or the longest pair's."""
    if not training.packing:
        return None
    if training.packed_length != "auto":
        return training.packed_length
    # GPUs multiply and copy numbers by eights.
    length = max(128, math.ceil(longest / 8) * 8)
    return length if training.batch_tokens == "auto" else min(length, training.batch_tokens)


def check_lengths(training: Training, limit: int, longest: int, longest_to_judge: int, length: int | None) -> None:
    """Stop now, rather than hours later, at a pair that the model has no positions for.

    limit: the model's positions. length: the places of a packed row, None where rows hold one pair each.
    """
    budget = training.batch_tokens
    if budget != "auto" and longest > budget:
        raise RecipeError(
            f"a training pair has {longest} tokens, more than training.batch_tokens={budget}; raise it, or set "
            f"data.filters.max_tokens={max(1, budget - 2)}"
        )
    if longest > limit:
        shorter = f"data.filters.max_tokens={limit - 2} or " if limit > 2 else ""
        raise RecipeError(
            f"a training pair has {longest} tokens, but model.max_length={limit}; set {shorter}"
            f"model.max_length={longest}"
        )
    if length is not None:
        _check_packing(budget, length, longest)
    if longest_to_judge > limit:
        raise RecipeError(
            f"a validation pair has {longest_to_judge} tokens, but model.max_length={limit}; remove it from its files, "
            f"or set model.max_length={longest_to_judge}"
        )


def _check_packing(budget: int | Literal["auto"], length: int, longest: int) -> None:
    if longest > length:
        raise RecipeError(
            f"a training pair has {longest} tokens, more than training.packed_length={length}; raise it, or set "
            f"data.filters.max_tokens={max(1, length - 2)}"
        )
    if budget != "auto" and budget < length:
        raise RecipeError(
            f"training.batch_tokens={budget} is less than one row of training.packed_length={length}; "
            f"raise the former to {length} or more"
        )
