"""One text that is read whole, in one pass, and what is asked of it."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from clearhead.decoding.checks import Ids, check_ids
from clearhead.runtimes.reader import Reader, Vectors
from clearhead.runtimes.runtime import Sizes


@runtime_checkable
class Answer(Protocol):
    """What is made of a batch's vectors: of each text all of them, which are not kept."""

    def __call__(
        self, reader: Reader, batch: "Sequence[Reading]", vectors: Sequence[Vectors], threads: int
    ) -> Sequence[Any]:
        """A result for each text. threads: how many cores it may use."""
        ...


@dataclass(frozen=True, eq=False)
class Reading:
    """A `Job`. answer: makes the result. about: what it is to know of this text besides.

    causal: whether a place sees itself and those before it alone, and not the whole text.
    """

    source: Sequence[int]
    answer: Answer
    about: Any = None
    causal: bool = False
    found: "Future[Any]" = field(default_factory=Future)

    max_length = 0
    rows = 1

    def goes_with(self, first: Any) -> bool:
        return isinstance(first, Reading) and (self.answer, self.causal) == (first.answer, first.causal)

    def computed(self, runtime: Reader, batch: "Sequence[Reading]", threads: int) -> Sequence[Any]:
        with runtime.session():
            vectors = runtime.read([one.source for one in batch], causal=self.causal, threads=threads)
            return self.answer(runtime, batch, vectors, threads)


def readings_for(
    sizes: Sizes, texts: Ids, answer: Answer, *, about: Sequence[Any] | None = None, first: int = 0
) -> list[Reading]:
    """A reading of each text. Raises DecodingError for what the model cannot read.

    about: what the answer is to know of each. first: the number of the first text among all, from 0.
    """
    check_ids("text", texts, range(first, first + len(texts)), sizes.source_vocabulary, sizes.max_length)
    told = [None] * len(texts) if about is None else about
    return [Reading(ids, answer, of_text) for ids, of_text in zip(texts, told, strict=True)]
