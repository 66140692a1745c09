"""One vector for a text, by which texts can be compared: the mean over its tokens, of length 1."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32

from clearhead.decoding import Reading
from clearhead.runtimes.reader import Reader, Vectors

Embedding = Float32[np.ndarray, "width"]


def embeddings(reader: Reader, batch: Sequence[Reading], vectors: Sequence[Vectors], threads: int) -> list[Embedding]:
    """An `Answer`: the mean of all of a text's vectors, begin and end among them, divided by its length (L2).

    The product of two is the cosine of the angle between them. Source: Reimers and Gurevych 2019, "Sentence-BERT".
    """
    return [_of_length_1(one.mean(axis=0, dtype=np.float64)).astype(np.float32) for one in vectors]


def first_vectors(
    reader: Reader, batch: Sequence[Reading], vectors: Sequence[Vectors], threads: int
) -> list[Embedding]:
    """An `Answer`: the vector of a text's first token, divided by its length, as some sentence encoders are trained."""
    return [_of_length_1(one[0].astype(np.float64)).astype(np.float32) for one in vectors]


def _of_length_1(mean: np.ndarray) -> np.ndarray:
    length = float(np.linalg.norm(mean))
    return mean / length if length else mean
