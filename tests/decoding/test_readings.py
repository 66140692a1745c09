"""Texts that are read whole, in batches."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from clearhead.decoding import Engine, Reading, readings_for
from clearhead.errors import DecodingError
from clearhead.runtimes.reader import Reader
from clearhead.runtimes.runtime import Sizes


class Counting:
    """A model whose vector of a place is its id and how many ids there are: a `Reader`."""

    batch_tokens, batch_bytes, concurrency = 12, 1 << 30, 1
    sizes = Sizes(20, 20, 8, 1, 4, shares_positions=True)

    def __init__(self) -> None:
        self.batches: list[tuple[list[int], bool]] = []
        self.is_open = False

    def padded_length(self, length: int) -> int:
        return length

    def bytes_for(self, source: int, target: int, rows: int) -> int:
        return source

    @contextmanager
    def session(self) -> Iterator[None]:
        self.is_open = True
        yield
        self.is_open = False

    def read(
        self, texts: Sequence[Sequence[int]], *, causal: bool = False, threads: int = 1
    ) -> list[NDArray[np.float32]]:
        assert self.is_open
        self.batches.append((list(map(len, texts)), causal))
        return [np.array([[one, len(text)] for one in text], np.float32) for text in texts]

    def token_log_probabilities(self, vectors: Any, *, threads: int = 1) -> Any: ...

    def class_log_probabilities(self, texts: Any) -> Any: ...


def first_and_length(
    reader: Reader, batch: Sequence[Reading], vectors: Sequence[Any], threads: int
) -> list[tuple[int, int, Any]]:
    return [(*one[0].astype(int).tolist(), of.about) for of, one in zip(batch, vectors, strict=True)]


def test_results_come_in_order_from_batches_of_about_one_length() -> None:
    reader = Counting()
    assert isinstance(reader, Reader)
    texts = [[5] * 2, [6] * 8, [7], [8] * 6, [9] * 3, [10] * 8]
    readings = readings_for(reader.sizes, texts, first_and_length, about="abcdef")
    found = list(Engine(reader).results(readings))
    assert found == [(5, 2, "a"), (6, 8, "b"), (7, 1, "c"), (8, 6, "d"), (9, 3, "e"), (10, 8, "f")]
    # Of 12 tokens at most, padding included; a text of as many positions as there are leaves none to write.
    assert reader.batches == [([8], False), ([8], False), ([6, 3], False), ([2, 1], False)]


def test_what_is_read_under_another_mask_is_another_batch() -> None:
    reader = Counting()
    both = [Reading([5], first_and_length), Reading([6], first_and_length, causal=True)]
    assert list(Engine(reader).results(both)) == [(5, 1, None), (6, 1, None)]
    assert sorted(reader.batches) == [([1], False), ([1], True)]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ([[5], [5] * 9], "sentence 12: its text has 9 tokens but the model takes 1 to 8; split it"),
        ([[]], "sentence 11: its text has 0 tokens"),
        ([[20]], "sentence 11: its text has ids from 20 to 20 but the model knows 0 to 19"),
    ],
)
def test_what_cannot_be_read(texts: Any, message: str) -> None:
    with pytest.raises(DecodingError, match=message):
        readings_for(Counting.sizes, texts, first_and_length, first=10)
