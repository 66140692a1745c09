"""Batches of one shape at one place: what a step reads that is recorded once and replayed."""

from collections.abc import Callable, Sequence

from clearhead.data import Batch
from clearhead.training.graph import Graph


class StaticStep:
    """A step whose batches are copied, each time, into the tensors of the first ones.

    `learn` takes batches on `device`. With `record` it is recorded as a CUDA graph.
    """

    def __init__(self, learn: Callable[[Sequence[Batch]], None], device: str, record: bool) -> None:
        self._learn, self._device = learn, device
        self._inputs: list[Batch] = []
        self._run = Graph(self._learn_inputs) if record else self._learn_inputs

    def __call__(self, batches: Sequence[Batch]) -> None:
        if not self._inputs:
            self._inputs = [batch.to(self._device, copy=True) for batch in batches]
        for place, batch in zip(self._inputs, batches, strict=True):
            self._copy(batch, place)
        self._run()

    def _learn_inputs(self) -> None:
        self._learn(self._inputs)

    def _copy(self, batch: Batch, place: Batch) -> None:
        for given, tensor in zip(batch.tensors(), place.tensors(), strict=True):
            # From memory that the system never moves a copy is made while the host goes on.
            pinned = given.pin_memory() if tensor.is_cuda else given
            tensor.copy_(pinned, non_blocking=True)
