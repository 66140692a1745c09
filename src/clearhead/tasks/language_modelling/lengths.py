"""How long rows are: a document of any length is cut to fit the model, so batches alone may be too small."""

from clearhead.errors import RecipeError
from clearhead.recipe import Training


def packed_length(training: Training, longest: int, max_length: int) -> int | None:
    """The places of a packed row, those of the model where it is `auto`; None where rows hold one piece each.

    longest: the places of the longest document. Raises RecipeError where a batch cannot hold one row.
    """
    budget, length = training.batch_tokens, None
    if training.packing:
        length = max_length if training.packed_length == "auto" else training.packed_length
    row, key = (min(longest, max_length), "model.max_length") if length is None else (length, "training.packed_length")
    if budget != "auto" and budget < row:
        raise RecipeError(
            f"training.batch_tokens={budget} is less than one row of {key}={row}; raise the former to {row} or more"
        )
    return length
