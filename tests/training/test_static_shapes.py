"""A step over tensors that stay where they are: equal to the plain one, and indifferent to what is done to batches."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import torch

from clearhead.data import Batch
from clearhead.errors import TrainingError
from clearhead.model import Segments
from clearhead.training.static_shapes import StaticTrainStep, graph_capturer


def batch(value: int) -> Batch:
    ids = torch.full((2, 3), value)
    segments = Segments(torch.full((2, 3), value + 3), torch.full((2, 3), value + 4))
    return Batch(ids, ids + 1, ids + 2, 6, 6, 0, segments)


def values(batches: Sequence[Batch]) -> list[list[int]]:
    return [[int(tensor.unique()) for tensor in one.tensors()] for one in batches]


def test_every_step_reads_its_own_batches_at_the_same_place() -> None:
    seen, places = [], []

    def learn(batches: Sequence[Batch]) -> None:
        seen.append(values(batches))
        places.append([tensor.data_ptr() for one in batches for tensor in one.tensors()])

    step = StaticTrainStep(learn, "cpu")
    for first in (10, 20, 30):
        step([batch(first), batch(first + 100)])
    assert seen[0] == [[10, 11, 12, 13, 14], [110, 111, 112, 113, 114]]
    assert seen[2] == [[30, 31, 32, 33, 34], [130, 131, 132, 133, 134]]
    assert places[0] == places[1] == places[2]
    assert len(set(places[0])) == 10


def test_what_it_is_given_stays_as_it_is() -> None:
    """The first batches are not the place that later ones are copied to."""
    given, step = batch(10), StaticTrainStep(lambda batches: None, "cpu")
    step([given])
    step([batch(20)])
    assert values([given]) == [[10, 11, 12, 13, 14]]


def test_a_captured_step_takes_nothing(capturer_log: Any) -> None:
    """It reads what stands in its place when it is replayed; three steps warm up, as torch's notes have it."""
    seen: list[list[list[int]]] = []
    step = StaticTrainStep(lambda batches: seen.append(values(batches)), "cpu", capturer_log)
    for first in (10, 20, 30, 40, 50):
        step([batch(first)])
    assert capturer_log.lines == ["run", "run", "run", "capture", "replay", "replay"]
    assert [one[0][0] for one in seen] == [10, 20, 30, 40, 50]


def test_what_cannot_be_recorded_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextlib.contextmanager
    def refuse(*given: object, **named: object) -> Iterator[None]:
        raise RuntimeError("CUDA error: operation not permitted when stream is capturing\nCompile with ...")
        yield

    for name in ("Stream", "CUDAGraph", "graph_pool_handle"):
        monkeypatch.setattr(torch.cuda, name, lambda *given: None)
    monkeypatch.setattr(torch.cuda, "stream", lambda stream: contextlib.nullcontext())
    monkeypatch.setattr(torch.cuda, "graph", refuse)
    message = r"as a CUDA graph \(CUDA error: operation not permitted when stream is capturing\); set training.graph="
    with pytest.raises(TrainingError, match=message) as caught:
        graph_capturer("cuda").capture(lambda: None)
    assert "\n" not in str(caught.value)


def test_another_number_of_batches_is_no_step() -> None:
    step = StaticTrainStep(lambda batches: None, "cpu")
    step([batch(1), batch(2)])
    with pytest.raises(ValueError, match="shorter"):
        step([batch(1)])
