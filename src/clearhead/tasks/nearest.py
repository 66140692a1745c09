"""Which of many texts mean what another one does, by their vectors."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from clearhead.errors import UsageError
from clearhead.tasks.embedding import Embedding
from clearhead.text import is_blank

# A text's vector in two precisions: int8 and fp32 differ by less, and two texts as a rule by more.
ALIKE = 0.98


@dataclass(frozen=True)
class Nearest:
    """A text, its place among those that were searched (from 0), and the cosine of its vector and the query's."""

    text: str
    cosine: float
    place: int


def nearest(query: Embedding, embedded: Iterable[tuple[str, Embedding]], n: int) -> list[Nearest]:
    """The `n` texts whose vectors, of length 1, have the greatest cosine with the query's; of equal ones the first.

    Blank texts are left out. However many there are, no more than `n` are held.
    """
    return heapq.nsmallest(n, _compared(query, embedded), key=lambda one: (-one.cosine, one.place))


def _compared(query: Embedding, embedded: Iterable[tuple[str, Embedding]]) -> Iterator[Nearest]:
    for place, (text, vector) in enumerate(embedded):
        if not is_blank(text):
            yield Nearest(text, float(query @ vector), place)


def require_fitting(vectors: object, texts: int, width: int) -> Float32[np.ndarray, "texts width"]:
    """The vectors in float32. Raises UsageError unless they are one for each text, of the model's width, and finite."""
    array = np.asarray(vectors)
    if array.shape != (texts, width) or array.dtype.kind != "f":
        raise UsageError(
            f"vectors is {array.dtype} of shape {array.shape}, but {texts:,} texts and this model have floats of shape "
            f"({texts}, {width}); make them of the same texts with the same model"
        )
    if not np.isfinite(array).all():
        raise UsageError("vectors holds NaN or infinities; make it again of the same texts with the same model")
    return array.astype(np.float32, copy=False)


def require_own(found: Sequence[Nearest], given: Iterable[Embedding], made: Iterable[Embedding]) -> None:
    """Raise UsageError where a vector that was given for a text is not the one that the model makes of it."""
    for one, vector, own in zip(found, given, made, strict=True):
        if abs(float(vector @ own) - 1.0) > 1.0 - ALIKE:
            raise UsageError(
                f"vectors[{one.place}] is not this model's vector of text {one.place + 1}, {one.text[:40]!r}; "
                "make them of the same texts with the same model"
            )
