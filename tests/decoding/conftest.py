"""A step function made of probabilities that a test writes down, so that search can be worked out by hand."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from clearhead.decoding import Hypothesis
from clearhead.native import library as native

# From the tokens so far (without begin) to the probability of every next token.
Table = Callable[[tuple[int, ...]], Sequence[float]]


class TableStep:
    """Looks up what follows each hypothesis in its sentence's table, and keeps the shapes of all that it was asked."""

    def __init__(self, *tables: Table) -> None:
        self.tables = list(tables)
        self.paths: list[list[tuple[int, ...]]] = []
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, tokens: Tensor) -> Tensor:
        self.shapes.append(tuple(tokens.shape))
        if not self.paths:
            self.paths = [[() for _ in row] for row in tokens.tolist()]
        else:
            extended = zip(self.paths, tokens.tolist(), strict=True)
            self.paths = [[(*path, token) for path, token in zip(*pair, strict=True)] for pair in extended]
        looked_up = zip(self.tables, self.paths, strict=True)
        return torch.tensor([[table(path) for path in paths] for table, paths in looked_up]).log()

    def select(self, sentences: Tensor, beams: Tensor) -> None:
        kept = list(zip(sentences.tolist(), beams.tolist(), strict=True))
        self.paths = [[self.paths[sentence][row] for row in rows] for sentence, rows in kept]
        self.tables = [self.tables[sentence] for sentence, _ in kept]


class FixedTable:
    """The same as a step function of fixed shapes: sentences stay until they are told to move."""

    def __init__(self, *tables: Table) -> None:
        self.step = TableStep(*tables)

    def __call__(self, tokens: Tensor, position: Tensor, reach: int) -> Tensor:
        assert position.item() < reach
        # Places that nobody is at are computed as well: as copies of the first sentence.
        missing = len(tokens) - len(self.step.tables)
        self.step.tables += self.step.tables[:1] * missing
        self.step.paths += self.step.paths[:1] * missing if self.step.paths else []
        self.step.tables, self.step.paths = self.step.tables[: len(tokens)], self.step.paths[: len(tokens)]
        return self.step(tokens)

    def select(self, parents: Tensor) -> None:
        self.step.select(torch.arange(len(parents)), parents)

    def keep(self, places: Tensor) -> None:
        beams = torch.arange(len(self.step.paths[0]))
        self.step.select(places, beams.expand(len(places), -1))


class Tape(TorchDispatchMode):
    """Records the operations of a function, as a CUDA graph does: with the tensors and numbers of that one call.

    It is a `graphs.Recorder`. What a recorded function computed is undone, and computed when it is played. So a number
    that Python counted, or a tensor that does not stay where it is, makes a wrong result here as on a GPU.
    """

    def __init__(self) -> None:
        super().__init__()
        self.recorded = self.played = 0
        self._calls: list[tuple[Any, tuple[Any, ...], dict[str, Any], Any]] = []
        self._before: list[tuple[Tensor, Tensor]] = []

    def run(self, function: Callable[[], None]) -> None:
        function()

    def record(self, function: Callable[[], None]) -> Callable[[], None]:
        self._calls, self._before = [], []
        with self:
            function()
        for tensor, value in reversed(self._before):
            tensor.copy_(value)
        self.recorded += 1
        calls = self._calls

        def play() -> None:
            self.played += 1
            for operation, arguments, named, results in calls:
                given = [one.untyped_storage().data_ptr() for one in tensors((arguments, named))]
                for old, new in zip(tensors(results), tensors(operation(*arguments, **named)), strict=True):
                    # A view, or what was changed in place, is where it was.
                    if old.untyped_storage().data_ptr() not in given:
                        old.copy_(new)

        return play

    def __torch_dispatch__(self, operation: Any, types: Any, arguments: Any = (), named: Any = None) -> Any:
        for value, argument in zip(arguments, operation._schema.arguments, strict=False):
            if argument.alias_info is not None and argument.alias_info.is_write:
                self._before.append((value, value.clone()))
        results = operation(*arguments, **(named or {}))
        self._calls.append((operation, arguments, named or {}, results))
        return results


def tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]


@pytest.fixture(scope="package", autouse=True)
def one_thread() -> Iterator[None]:
    """Tensors are tiny here, and threads that wait for each other on a busy machine cost a hundredfold."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def table_step() -> type[TableStep]:
    return TableStep


@pytest.fixture(scope="session")
def fixed_table() -> type[FixedTable]:
    return FixedTable


def same_hypotheses(found: Sequence[Sequence[Hypothesis]], expected: Sequence[Sequence[Hypothesis]]) -> None:
    """The same tokens, and the same scores and log-probabilities but for rounding."""
    assert [[one.tokens for one in each] for each in found] == [[one.tokens for one in each] for each in expected]
    for one, other in zip(itertools.chain(*found), itertools.chain(*expected), strict=True):
        assert one.finished == other.finished
        assert one.score == pytest.approx(other.score, abs=1e-5)
        assert one.token_log_probabilities == pytest.approx(other.token_log_probabilities, abs=1e-5)


@pytest.fixture(scope="session")
def assert_same() -> Callable[..., None]:
    return same_hypotheses


@pytest.fixture
def tape() -> Tape:
    return Tape()


@pytest.fixture(scope="module", params=["compiled", "plain"])
def way(request: pytest.FixtureRequest) -> Iterator[None]:
    """Both ways in which a search chooses its tokens: in C, and by PyTorch."""
    if request.param == "compiled" and native.library() is None:
        pytest.skip("this machine has no C compiler")
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "plain":
            patch.setattr(native, "library", lambda: None)
        yield
