"""Batches of one shape at one place: what a step reads that is captured once and replayed."""

from collections.abc import Callable, Sequence

import torch

from clearhead.errors import TrainingError
from clearhead.runtimes.graphs import Captured, Capturer, CudaCapturer
from clearhead.tasks.examples import TrainingBatch

# torch's notes on CUDA graphs have a training step run so often before it is captured.
WARM_UP = 3


class StaticTrainStep:
    """A step whose batches are copied, each time, into the tensors of the first ones.

    `learn` takes batches on `device`. With a `capturer` it is captured, as a CUDA graph for example.
    """

    def __init__(
        self, learn: Callable[[Sequence[TrainingBatch]], None], device: str, capturer: Capturer | None = None
    ) -> None:
        self._learn, self._device = learn, device
        self._inputs: list[TrainingBatch] = []
        self._run = Captured(self._learn_inputs, capturer, WARM_UP) if capturer else self._learn_inputs

    def __call__(self, batches: Sequence[TrainingBatch]) -> None:
        if not self._inputs:
            self._inputs = [batch.to(self._device, copy=True) for batch in batches]
        for place, batch in zip(self._inputs, batches, strict=True):
            self._copy(batch, place)
        self._run()

    def _learn_inputs(self) -> None:
        self._learn(self._inputs)

    def _copy(self, batch: TrainingBatch, place: TrainingBatch) -> None:
        for given, tensor in zip(batch.tensors(), place.tensors(), strict=True):
            # From memory that the system never moves a copy is made while the host goes on.
            pinned = given.pin_memory() if tensor.is_cuda else given
            tensor.copy_(pinned, non_blocking=True)


def graph_capturer(device: str) -> CudaCapturer:
    """What captures a step. Where CUDA refuses, it raises TrainingError: the recipe asks for a graph, or `auto` did."""
    return CudaCapturer(torch.device(device), _refuse)


def _refuse(error: RuntimeError) -> None:
    reason = str(error).strip().partition("\n")[0]
    raise TrainingError(
        f"the training step cannot be captured as a CUDA graph ({reason}); set training.graph=false"
    ) from error
