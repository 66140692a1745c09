"""Captures: what is captured when, and that CUDA is asked as torch's notes on CUDA graphs say."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from clearhead.runtimes.graphs import Captured, CudaCapturer

GPU = torch.device("cuda")


def test_the_first_call_runs_the_second_is_captured_and_each_from_then_on_replayed(capturer_log: Any) -> None:
    log, called = capturer_log, []
    captured = Captured(lambda one, other: called.append((one, other)), log)
    for _ in range(4):
        captured(2, 3)
    assert log.lines == ["run", "capture", "replay", "replay", "replay"]
    assert called == [(2, 3)] * 4
    captured(3, 2)
    assert log.lines[5:] == ["run"]
    assert called[4:] == [(3, 2)]


def test_some_functions_run_more_often_before_they_are_captured(capturer_log: Any) -> None:
    captured = Captured(lambda: None, capturer_log, warm_up=3)
    for _ in range(5):
        captured()
    assert capturer_log.lines == ["run", "run", "run", "capture", "replay", "replay"]


def test_a_recording_computes_what_the_function_would(tape: Any) -> None:
    """A function that counts on its device, and looks back at so many numbers: 0, then 0 + 1, then 0 + 1 + 2, …"""
    position, seen, sums = torch.zeros(1, dtype=torch.long), torch.zeros(9), torch.zeros(9)

    def step(rows: int, reach: int) -> None:
        seen.index_copy_(0, position, position.float())
        sums.index_copy_(0, position, seen[:reach].sum(0, keepdim=True))
        position.add_(1)

    captured = Captured(step, tape)
    for _ in range(9):
        captured(1, 9)
    assert (tape.captured, tape.replayed) == (1, 8)
    assert sums.tolist() == [0, 1, 3, 6, 10, 15, 21, 28, 36]


def test_the_tape_shows_what_a_recording_would_not_see(tape: Any) -> None:
    """A number that Python counts is the same in every play: the test above could fail."""
    counted, kept = [0], torch.zeros(4)

    def step(rows: int, reach: int) -> None:
        kept[counted[0]] = 1.0
        counted[0] += 1

    captured = Captured(step, tape)
    for _ in range(4):
        captured(1, 1)
    assert kept.tolist() == [1, 1, 0, 0]


class Cuda:
    """Stands in for the parts of torch.cuda that a capturer uses, and notes their use."""

    def __init__(self, refuses: bool = False) -> None:
        self.lines: list[str] = []
        self.current, self.refuses = "main", refuses
        cuda = self

        class Stream:
            def __init__(self, device: Any, name: str = "side") -> None:
                self.name, self.device = name, device

            def wait_stream(self, other: Any) -> None:
                cuda.lines.append(f"{self.name} waits for {other.name}")

        class CUDAGraph:
            def replay(self) -> None:
                cuda.lines.append(f"play on {cuda.current}")

        self.Stream, self.CUDAGraph = Stream, CUDAGraph

    def current_stream(self, device: Any) -> Any:
        return self.Stream(device, self.current)

    def graph_pool_handle(self) -> str:
        return "pool"

    @contextlib.contextmanager
    def stream(self, stream: Any) -> Iterator[None]:
        before, self.current = self.current, stream.name
        try:
            yield
        finally:
            self.current = before

    @contextlib.contextmanager
    def graph(self, graph: Any, pool: str, stream: Any, capture_error_mode: str) -> Iterator[None]:
        if self.refuses:
            # As torch's: whoever breaks a capture off finds the stream that captures still the current one.
            self.current = stream.name
            raise RuntimeError("operation not permitted when stream is capturing")
        self.lines.append(f"capture on {stream.name} in {pool}, {capture_error_mode}")
        with self.stream(stream):
            yield


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Cuda]:
    def install(**settings: Any) -> Cuda:
        stand_in = Cuda(**settings)
        for name in ("Stream", "CUDAGraph", "current_stream", "graph_pool_handle", "stream", "graph"):
            monkeypatch.setattr(torch.cuda, name, getattr(stand_in, name))
        return stand_in

    return install


def test_cuda_runs_beside_then_records_there_and_plays_where_the_others_run(cuda: Callable[..., Cuda]) -> None:
    stand_in = cuda()
    capturer = CudaCapturer(GPU)
    capturer.run(lambda: stand_in.lines.append(f"run on {stand_in.current}"))
    play = capturer.capture(lambda: stand_in.lines.append(f"called on {stand_in.current}"))
    play()
    assert stand_in.lines == [
        "side waits for main",
        "run on side",
        "main waits for side",
        "capture on side in pool, thread_local",
        "called on side",
        "play on main",
    ]


def test_where_cuda_refuses_the_function_is_called_instead(
    cuda: Callable[..., Cuda], caplog: pytest.LogCaptureFixture
) -> None:
    stand_in, called = cuda(refuses=True), []
    capturer = CudaCapturer(GPU)
    for _ in range(2):
        capturer.capture(lambda: called.append(stand_in.current))()
    assert called == ["main", "main"]
    assert len(caplog.records) == 1
    assert "CUDA graphs cannot be used (operation not permitted" in caplog.text


def test_whoever_needs_the_recording_raises_what_it_wants(cuda: Callable[..., Cuda]) -> None:
    def told(error: RuntimeError) -> None:
        raise LookupError(str(error))

    cuda(refuses=True)
    with pytest.raises(LookupError, match="operation not permitted"):
        CudaCapturer(GPU, told).capture(lambda: None)


def test_what_is_wrong_with_the_function_itself_is_not_hidden(cuda: Callable[..., Cuda]) -> None:
    def fail() -> None:
        raise ValueError("mistake")

    cuda()
    with pytest.raises(ValueError, match="mistake"):
        CudaCapturer(GPU).capture(fail)


@pytest.mark.slow
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu_each_call_counts_once_and_draws_anew() -> None:
    total, drawn = torch.zeros((), device="cuda"), torch.zeros(1000, device="cuda")

    def function() -> None:
        total.add_(1.0)
        drawn.copy_(torch.rand(1000, device="cuda"))

    graph, seen = Captured(function, CudaCapturer(GPU), warm_up=3), []
    for number in (1, 2, 3, 4, 5, 2, 5):
        torch.manual_seed(number)
        graph()
        seen.append(drawn.clone())
    assert float(total) == 7
    assert torch.equal(seen[1], seen[5])
    assert torch.equal(seen[4], seen[6])
    assert not torch.equal(seen[3], seen[4])
