"""Several models that write one text together: at each position the mean of what they find probable."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import final

import numpy as np
from jaxtyping import Float, Int

from clearhead.runtimes.runtime import Bans, Choice, Ids, Lists, Runtime, Sizes, State, best_of


@final
class EnsembleRuntime:
    """A `Runtime` of several, which know the same ids: a token's probability is the mean of theirs.

    The mean is that of probabilities, as in fairseq, and not of their logarithms. Searching, rules, phrases and drawing
    are those of any runtime. Its batches are as large as the smallest of theirs, and take the memory of all.
    """

    def __init__(self, members: Sequence[Runtime]) -> None:
        self.members = tuple(members)
        sizes = [one.sizes for one in members]
        self.sizes = Sizes(
            sizes[0].source_vocabulary,
            sizes[0].target_vocabulary,
            min(one.max_length for one in sizes),
            sum(one.decoder_layers for one in sizes),
            max(one.width for one in sizes),
            sizes[0].shares_positions,
        )
        self.batch_tokens = min(one.batch_tokens for one in members)
        self.batch_bytes = min(one.batch_bytes for one in members)
        self.concurrency = min(one.concurrency for one in members)

    def padded_length(self, length: int) -> int:
        return max(one.padded_length(length) for one in self.members)

    def bytes_for(self, source: int, target: int, rows: int) -> int:
        return sum(one.bytes_for(source, target, rows) for one in self.members)

    @contextlib.contextmanager
    def session(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            for one in self.members:
                stack.enter_context(one.session())
            yield

    def begin(
        self, sources: Sequence[Ids], capacity: int, *, rows: int = 1, lists: Lists | None = None, threads: int = 1
    ) -> "EnsembleState":
        states = [one.begin(sources, capacity, rows=rows, lists=lists, threads=threads) for one in self.members]
        return EnsembleState(states)


@final
class EnsembleState:
    """A `State` of several: each goes on with the same tokens."""

    def __init__(self, members: Sequence[State]) -> None:
        self._members = members

    def advance(
        self, tokens: Int[np.ndarray, "sentences beams"], parents: Int[np.ndarray, "sentences beams"] | None
    ) -> None:
        for one in self._members:
            one.advance(tokens, parents)

    def best(self, count: int, bans: Bans) -> Choice:
        return best_of(self.log_probabilities(), count, bans)

    def log_probabilities(self) -> Float[np.ndarray, "sentences beams vocabulary"]:
        """The logarithm of the mean of the members' probabilities."""
        found = np.stack([one.log_probabilities() for one in self._members])
        mean: Float[np.ndarray, "sentences beams vocabulary"] = np.logaddexp.reduce(found) - np.log(len(found))
        return mean.astype(found.dtype)

    def logits(self) -> Float[np.ndarray, "sentences beams vocabulary"]:
        """The log-probabilities, whose softmax they are: members' logits have no common zero."""
        return self.log_probabilities()
