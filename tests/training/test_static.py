"""A step over tensors that stay where they are: equal to the plain one, and indifferent to what is done to batches."""

from collections.abc import Sequence

import pytest
import torch

from clearhead.data import Batch
from clearhead.model import Segments
from clearhead.training import static
from clearhead.training.static import StaticStep


def batch(value: int) -> Batch:
    ids = torch.full((2, 3), value)
    segments = Segments(torch.full((2, 3), value + 3), torch.full((2, 3), value + 4))
    return Batch(ids, ids + 1, ids + 2, 6, 6, segments)


def values(batches: Sequence[Batch]) -> list[list[int]]:
    return [[int(tensor.unique()) for tensor in one.tensors()] for one in batches]


def test_every_step_reads_its_own_batches_at_the_same_place() -> None:
    seen, places = [], []

    def learn(batches: Sequence[Batch]) -> None:
        seen.append(values(batches))
        places.append([tensor.data_ptr() for one in batches for tensor in one.tensors()])

    step = StaticStep(learn, "cpu", record=False)
    for first in (10, 20, 30):
        step([batch(first), batch(first + 100)])
    assert seen[0] == [[10, 11, 12, 13, 14], [110, 111, 112, 113, 114]]
    assert seen[2] == [[30, 31, 32, 33, 34], [130, 131, 132, 133, 134]]
    assert places[0] == places[1] == places[2]
    assert len(set(places[0])) == 10


def test_what_it_is_given_stays_as_it_is() -> None:
    """The first batches are not the place that later ones are copied to."""
    given, step = batch(10), StaticStep(lambda batches: None, "cpu", record=False)
    step([given])
    step([batch(20)])
    assert values([given]) == [[10, 11, 12, 13, 14]]


def test_a_recorded_step_is_what_a_graph_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """The graph's function takes nothing: it reads what stands in its place when it is called."""
    seen = []
    monkeypatch.setattr(static, "Graph", lambda function: lambda: (seen.append("replayed"), function()))
    step = StaticStep(lambda batches: seen.append(values(batches)), "cpu", record=True)
    step([batch(10)])
    step([batch(20)])
    assert seen == ["replayed", [[10, 11, 12, 13, 14]], "replayed", [[20, 21, 22, 23, 24]]]


def test_another_number_of_batches_is_no_step() -> None:
    step = StaticStep(lambda batches: None, "cpu", record=False)
    step([batch(1), batch(2)])
    with pytest.raises(ValueError, match="shorter"):
        step([batch(1)])
