"""Texts that come one after the other, perhaps without end: how many are translated at a time, in bounded memory."""

import contextlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar, runtime_checkable

from clearhead.bounds import whole
from clearhead.bundle.arguments import require_each, shown
from clearhead.errors import UsageError
from clearhead.tasks.translation import Translation

# The first texts are done soon; later there are enough at a time to sort by length and keep all cores busy.
FIRST_TEXTS, MOST_TEXTS = 250, 16_000
# Of long texts fewer are held at a time.
MOST_CHARACTERS = 1 << 22

Found = TypeVar("Found")
Noting = Callable[[Sequence[str], int], object]


@runtime_checkable
class Arriving(Protocol):
    """Texts that may be waited for, such as the lines of a pipe."""

    def is_there(self) -> bool:
        """Whether the next text, or the end, is there without waiting for whoever writes."""
        ...


def streamed(
    texts: Iterable[str],
    find: Callable[[Sequence[str], int], Iterator[Found]],
    ahead: int | None = None,
    noting: Noting | None = None,
) -> Generator[Found, None, None]:
    """What `find` gives for the texts, in their order, some at a time; the rest of them is read when it is asked for.

    find: is given some texts and the number of the first, from 0. noting: is told of the same before.
    ahead: how many texts to read at most before the first of them is translated.
    Raises UsageError at once for what is no series of texts; when it comes to it, for one that is no str.
    """
    if isinstance(texts, str) or not isinstance(texts, Iterable):
        raise UsageError(
            f"texts is {shown(texts)}, of type {type(texts).__name__}; give a list or another series of str"
        )
    chunks = _chunks(texts, MOST_TEXTS if ahead is None else whole("ahead", ahead))
    return _found(chunks, find, noting)


def _found(
    chunks: Iterator[list[str]], find: Callable[[Sequence[str], int], Iterator[Found]], noting: Noting | None
) -> Generator[Found, None, None]:
    number = 0
    for chunk in chunks:
        require_each("texts", chunk, number)
        if noting is not None:
            noting(chunk, number)
        yield from find(chunk, number)
        number += len(chunk)


def best_texts(found: Generator[list[Translation], None, None]) -> Generator[str, None, None]:
    """The text of each best translation; where this is closed, the search is."""
    with contextlib.closing(found):
        for hypotheses in found:
            yield hypotheses[0].text


def _chunks(texts: Iterable[str], most: int) -> Iterator[list[str]]:
    """More and more texts at a time, but those that are there are not kept waiting for those that are not."""
    chunk: list[str] = []
    size, characters = min(FIRST_TEXTS, most), 0
    try:
        for text in texts:
            chunk.append(text)
            characters += len(text) if isinstance(text, str) else 0
            is_full = len(chunk) == size or characters >= MOST_CHARACTERS
            if is_full or (isinstance(texts, Arriving) and not texts.is_there()):
                yield chunk
                size = min(2 * size, most) if len(chunk) == size else size
                chunk, characters = [], 0
    except Exception:
        # Where they break off, as a file that was cut short does, those that came before are not lost.
        if chunk:
            yield chunk
        raise
    if chunk:
        yield chunk
