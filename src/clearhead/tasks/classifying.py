"""Which class a text is of, and how sure the model is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from jaxtyping import Float

from clearhead.decoding import Reading
from clearhead.runtimes.reader import Reader, Vectors


@dataclass(frozen=True)
class Label:
    """What a text is classified as.

    label: the most probable of the model's labels. probability: from 0 to 1. probabilities: of every label, in the
    model's order.
    """

    label: str
    probability: float
    probabilities: Mapping[str, float]


def class_probabilities(
    reader: Reader, batch: Sequence[Reading], vectors: Sequence[Vectors], threads: int
) -> Sequence[Float[np.ndarray, "classes"]]:
    """An `Answer`: the probability of every class."""
    return [*np.exp(reader.class_log_probabilities(vectors))]


def as_label(probabilities: Float[np.ndarray, "classes"], labels: Sequence[str]) -> Label:
    best = int(probabilities.argmax())
    named = dict(zip(labels, map(float, probabilities), strict=True))
    return Label(labels[best], float(probabilities[best]), MappingProxyType(named))
