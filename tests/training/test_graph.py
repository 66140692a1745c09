"""Recording a step: in what order torch's own tools are called. What they do, a machine with a GPU tests (slow)."""

import contextlib
from collections.abc import Callable, Iterator

import pytest
import torch

from clearhead.errors import TrainingError
from clearhead.training.graph import WARM_UP, Graph


class Stream:
    """Stands for torch.cuda.Stream."""

    def __init__(self, log: list[str], name: str) -> None:
        self.log, self.name = log, name

    def wait_stream(self, other: "Stream") -> None:
        self.log.append(f"{self.name} waits for {other.name}")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is called, in order, where there is no GPU."""
    log: list[str] = []

    class Recording:
        def replay(self) -> None:
            log.append("replay")

    @contextlib.contextmanager
    def on(stream: Stream) -> Iterator[None]:
        log.append(f"on {stream.name}")
        yield
        log.append("off")

    @contextlib.contextmanager
    def recording(graph: Recording, stream: Stream, capture_error_mode: str) -> Iterator[None]:
        log.append(f"recording on {stream.name}")
        yield
        log.append("recorded")

    monkeypatch.setattr(torch.cuda, "Stream", lambda: Stream(log, "side"))
    monkeypatch.setattr(torch.cuda, "current_stream", lambda: Stream(log, "main"))
    monkeypatch.setattr(torch.cuda, "stream", on)
    monkeypatch.setattr(torch.cuda, "CUDAGraph", Recording)
    monkeypatch.setattr(torch.cuda, "graph", recording)
    return log


def test_it_is_run_three_times_then_recorded_and_then_replayed(log: list[str]) -> None:
    graph = Graph(lambda: log.append("work"))
    for _ in range(WARM_UP):
        graph()
    assert log == ["side waits for main", "on side", "work", "off", "main waits for side"] * 3
    log.clear()
    graph()
    # What is recorded is not computed: a replay does the work of this call.
    assert log == ["recording on side", "work", "recorded", "replay"]
    log.clear()
    graph()
    graph()
    assert log == ["replay", "replay"]


def test_what_cannot_be_recorded_is_said_in_one_line(log: list[str]) -> None:
    calls: Iterator[Callable[[], None]] = iter([lambda: None] * WARM_UP)

    def function() -> None:
        next(calls, fail)()

    def fail() -> None:
        raise RuntimeError("CUDA error: operation not permitted when stream is capturing\nCompile with ...")

    graph = Graph(function)
    for _ in range(WARM_UP):
        graph()
    message = r"as a CUDA graph \(CUDA error: operation not permitted when stream is capturing\); set training.graph="
    with pytest.raises(TrainingError, match=message) as caught:
        graph()
    assert "\n" not in str(caught.value)


@pytest.mark.slow
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu_each_call_counts_once_and_draws_anew() -> None:
    total, drawn = torch.zeros((), device="cuda"), torch.zeros(1000, device="cuda")

    def function() -> None:
        total.add_(1.0)
        drawn.copy_(torch.rand(1000, device="cuda"))

    graph, seen = Graph(function), []
    for number in (1, 2, 3, 4, 5, 2, 5):
        torch.manual_seed(number)
        graph()
        seen.append(drawn.clone())
    assert float(total) == 7
    assert torch.equal(seen[1], seen[5])
    assert torch.equal(seen[4], seen[6])
    assert not torch.equal(seen[3], seen[4])
