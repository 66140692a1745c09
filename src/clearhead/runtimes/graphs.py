"""CUDA graphs: a row of operations on a GPU, recorded once and started as a whole.

Started one by one from Python, the two hundred operations of a decoding step take five times as long as the GPU needs
for them.
"""

import logging
from collections.abc import Callable
from typing import Protocol, runtime_checkable

import torch

_LOG = logging.getLogger(__name__)
Play = Callable[[], None]


@runtime_checkable
class Recorder(Protocol):
    """What runs and records operations, on which numbers and buffers that stay where they are."""

    def run(self, function: Callable[[], None]) -> None:
        """Call the function, as it has to be called once before it is recorded."""
        ...

    def record(self, function: Callable[[], None]) -> Play:
        """Call the function without computing anything; what it would have computed is computed by the result."""
        ...


class CudaRecorder:
    """CUDA's own: see torch's notes on CUDA graphs.

    All recordings of one recorder share their memory for results in between, so nothing may be kept in it from one to
    the next, and two may never run at once. One whose recordings are all gone must not be used again.

    Where CUDA refuses to record, functions are called as they are, and the log says so.
    """

    def __init__(self, device: torch.device) -> None:
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._pool = torch.cuda.graph_pool_handle()
        self._refused = False

    def run(self, function: Callable[[], None]) -> None:
        """On the stream that records, where libraries make their workspaces when they are first used."""
        current = torch.cuda.current_stream(self._stream.device)
        self._stream.wait_stream(current)
        with torch.cuda.stream(self._stream):
            function()
        current.wait_stream(self._stream)

    def record(self, function: Callable[[], None]) -> Play:
        if self._refused:
            return function
        graph = torch.cuda.CUDAGraph()
        # Only of this thread: what another does on the GPU at the same time is neither recorded nor refused.
        recording = torch.cuda.graph(graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local")
        try:
            # The outer one comes back from the stream that records even if a recording is broken off.
            with torch.cuda.stream(self._stream), recording:
                function()
        except RuntimeError as error:
            _LOG.warning("CUDA graphs cannot be used (%s); translating goes on without, more slowly", error)
            self._refused = True
            return function
        return graph.replay


class Recorded:
    """A function of whole numbers that is recorded for each choice of them, and then played.

    The first call with some numbers runs as it is, which is the run that must come before a recording, and what is
    asked for only once is never recorded. A recording knows nothing of Python: the function must do the same operations
    on the same tensors in every call with the same numbers.
    """

    def __init__(self, function: Callable[..., None], recorder: Recorder) -> None:
        self._function, self._recorder = function, recorder
        self._plays: dict[tuple[int, ...], Play | None] = {}

    def __call__(self, *numbers: int) -> None:
        def call() -> None:
            self._function(*numbers)

        if numbers not in self._plays:
            self._plays[numbers] = None
            self._recorder.run(call)
            return
        play = self._plays[numbers] or self._recorder.record(call)
        self._plays[numbers] = play
        play()
