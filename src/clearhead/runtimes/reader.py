"""What is asked of a model that reads whole texts in one pass, in NumPy's arrays: it knows no model, and no torch."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from clearhead.runtimes.runtime import Capacity, Ids

# Of one text, which has as many places as no other need have.
Vectors = Float[np.ndarray, "_ width"]


@runtime_checkable
class Reader(Capacity, Protocol):
    """A model that reads whole texts, each in one pass, and says of every place what stands there.

    What it says of a text depends on nothing but the text: not on the others, their lengths or their order.
    """

    def read(self, texts: Sequence[Ids], *, causal: bool = False, threads: int = 1) -> list[Vectors]:
        """The last vector of each place of each text, which is what heads take.

        causal: whether a place sees itself and those before it alone; it sees the whole text otherwise.
        threads: how many cores it may use. Raises DecodingError for what is no id, and for an empty or too long text.
        """
        ...

    def token_log_probabilities(self, vectors: Vectors, *, threads: int = 1) -> Float[np.ndarray, "places vocabulary"]:
        """The log-probability (natural logarithm) of every token for each of these vectors, by the masked head.

        Of a decoder it is that of the token that follows. Raises ClearheadError where the model has no such head.
        """
        ...

    def class_log_probabilities(self, texts: Sequence[Vectors]) -> Float[np.ndarray, "texts classes"]:
        """The same of every class of each text, of which all vectors are given."""
        ...
