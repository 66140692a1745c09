"""A step function made of probabilities that a test writes down, so that search can be worked out by hand."""

from collections.abc import Callable, Iterator, Sequence

import pytest
import torch
from torch import Tensor

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


@pytest.fixture(scope="module", params=["compiled", "plain"])
def way(request: pytest.FixtureRequest) -> Iterator[None]:
    """Both ways in which a search chooses its tokens: in C, and by PyTorch."""
    if request.param == "compiled" and native.library() is None:
        pytest.skip("this machine has no C compiler")
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "plain":
            patch.setattr(native, "library", lambda: None)
        yield
