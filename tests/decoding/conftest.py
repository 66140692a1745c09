"""A state made of probabilities that a test writes down, so that search can be worked out by hand."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from clearhead.native import library as native
from clearhead.runtimes.runtime import Bans, Choice, Sizes, best_of, log_softmax, require_vocabulary

# From the tokens so far (without begin) to the probability of every next token.
Table = Callable[[tuple[int, ...]], Sequence[float]]


class TableState:
    """Looks up what follows each hypothesis in its sentence's table, and keeps the shapes of all that it was asked."""

    def __init__(self, *tables: Table) -> None:
        self.tables = list(tables)
        self.paths: list[list[tuple[int, ...]]] = [[()] for _ in tables]
        self.shapes: list[tuple[int, ...]] = []
        self.has_begun = False

    def advance(self, tokens: NDArray[np.int64], parents: NDArray[np.int64] | None) -> None:
        self.shapes.append(tokens.shape)
        beams = len(self.paths[0])
        if not self.has_begun:
            # Tables are asked without the token that all begin with.
            assert parents is None
            assert tokens.shape == (len(self.tables), 1)
            self.has_begun = True
            return
        if parents is None:
            assert tokens.shape == (len(self.tables), beams)
            parents = np.arange(tokens.size).reshape(tokens.shape)
        sentences = [set(row // beams) for row in parents]
        assert all(len(one) == 1 for one in sentences), "a sentence's rows go on from rows of one sentence"
        flat = [path for of_sentence in self.paths for path in of_sentence]
        pairs = zip(parents.tolist(), tokens.tolist(), strict=True)
        self.paths = [[(*flat[row], token) for row, token in zip(*pair, strict=True)] for pair in pairs]
        self.tables = [self.tables[one.pop()] for one in sentences]

    def best(self, count: int, bans: Bans) -> Choice:
        """Both ways: in C where it is to be had, and by NumPy."""
        if bans.standing is not None:
            require_vocabulary(bans.standing, len(self.tables[0](self.paths[0][0])))
        library = native.library()
        if library is None:
            return best_of(self.log_probabilities(), count, bans)
        logits = self.logits()
        return Choice(
            *library.most_probable(
                logits, bans.suppressed, min(count, logits.shape[-1]), None, bans.standing, bans.forced
            )
        )

    def log_probabilities(self) -> NDArray[np.float32]:
        return log_softmax(self.logits())

    def logits(self) -> NDArray[np.float32]:
        looked_up = zip(self.tables, self.paths, strict=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(np.array([[table(path) for path in paths] for table, paths in looked_up], np.float32))


class PromptState:
    """A `TableState` whose table is told everything: what was read, the token that was fed first, and what followed."""

    def __init__(self, table: Table, sources: Sequence[Sequence[int]]) -> None:
        self.table, self.sources = table, sources
        self.state: TableState | None = None

    def advance(self, tokens: NDArray[np.int64], parents: NDArray[np.int64] | None) -> None:
        if self.state is None:
            before = [(*source, first) for source, first in zip(self.sources, tokens[:, 0].tolist(), strict=True)]
            self.state = TableState(*(lambda path, own=own: self.table((*own, *path)) for own in before))
        self.state.advance(tokens, parents)

    def best(self, count: int, bans: Bans) -> Choice:
        assert self.state is not None
        return self.state.best(count, bans)

    def log_probabilities(self) -> NDArray[np.float32]:
        assert self.state is not None
        return self.state.log_probabilities()

    def logits(self) -> NDArray[np.float32]:
        assert self.state is not None
        return self.state.logits()


class PromptRuntime:
    """A decoder-only model as a table: a source and its target are one sequence, of `max_length` positions."""

    batch_tokens, batch_bytes, concurrency = 4096, 1 << 30, 1

    def __init__(self, table: Table, max_length: int) -> None:
        self.table = table
        self.sizes = Sizes(len(table(())), len(table(())), max_length, 1, 4, shares_positions=True)
        self.begun: list[tuple[int, int, int]] = []

    def padded_length(self, length: int) -> int:
        return length

    def bytes_for(self, source: int, target: int, rows: int) -> int:
        return source + rows * target

    def session(self) -> AbstractContextManager[None]:
        return nullcontext()

    def begin(self, sources: Sequence[Sequence[int]], capacity: int, **settings: Any) -> PromptState:
        longest = max(map(len, sources))
        assert longest + capacity <= self.sizes.max_length
        self.begun.append((len(sources), longest, capacity))
        return PromptState(self.table, sources)


@pytest.fixture(scope="session")
def prompt_runtime() -> type[PromptRuntime]:
    return PromptRuntime


@pytest.fixture(scope="session")
def table_state() -> type[TableState]:
    return TableState


@pytest.fixture(scope="module", params=["compiled", "plain"])
def way(request: pytest.FixtureRequest) -> Iterator[None]:
    """Both ways in which a search chooses its tokens: in C, and by NumPy."""
    if request.param == "compiled" and native.library() is None:
        pytest.skip("this machine has no C compiler")
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "plain":
            patch.setattr(native, "library", lambda: None)
        yield
