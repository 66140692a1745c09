"""What is captured as a CUDA graph would be, and how hypotheses are compared."""

from collections.abc import Callable
from typing import Any

import pytest
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class Tape(TorchDispatchMode):
    """Records the operations of a function, as a CUDA graph does: with the tensors and numbers of that one call.

    It is a `graphs.Capturer`. What a captured function computed is undone, and computed when it is replayed. A number
    that Python counted, or a tensor that does not stay where it is, makes a wrong result here as on a GPU.
    """

    def __init__(self) -> None:
        super().__init__()
        self.captured = self.replayed = 0
        self._calls: list[tuple[Any, tuple[Any, ...], dict[str, Any], Any]] = []
        self._before: list[tuple[Tensor, Tensor]] = []

    def run(self, function: Callable[[], None]) -> None:
        function()

    def capture(self, function: Callable[[], None]) -> Callable[[], None]:
        self._calls, self._before = [], []
        with self:
            function()
        for tensor, value in reversed(self._before):
            tensor.copy_(value)
        self.captured += 1
        calls = self._calls

        def play() -> None:
            self.replayed += 1
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


@pytest.fixture
def tape() -> Tape:
    return Tape()
