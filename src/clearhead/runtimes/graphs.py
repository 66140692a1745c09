"""CUDA graphs: a row of operations on a GPU, captured once and started as a whole; for decoding and for training.

Started one by one from Python, the two hundred operations of a decoding step take five times as long as the GPU needs
for them.

Source: torch's notes on CUDA graphs, "Whole-network capture".
"""

import logging
from collections import Counter
from collections.abc import Callable
from typing import Protocol, runtime_checkable

import torch

_LOG = logging.getLogger(__name__)
Replay = Callable[[], None]


@runtime_checkable
class Capturer(Protocol):
    """What runs and captures operations, on which numbers and buffers that stay where they are."""

    def run(self, function: Callable[[], None]) -> None:
        """Call the function, as it has to be called once before it is captured."""
        ...

    def capture(self, function: Callable[[], None]) -> Replay:
        """Call the function without computing anything; what it would have computed is computed by the result."""
        ...


def _go_on_without(error: RuntimeError) -> None:
    _LOG.warning("CUDA graphs cannot be used (%s); translating goes on without, more slowly", error)


class CudaCapturer:
    """CUDA's own.

    All captures of one capturer share their memory for results in between, so nothing may be kept in it from one to
    the next, and two may never run at once. One whose captures are all gone must not be used again.

    refused: is told why where CUDA refuses to capture, once, and may raise; else functions are called as they are.
    """

    def __init__(self, device: torch.device, refused: Callable[[RuntimeError], None] = _go_on_without) -> None:
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._pool = torch.cuda.graph_pool_handle()
        self._tell, self._refused = refused, False

    def run(self, function: Callable[[], None]) -> None:
        """On the stream that captures, where libraries make their workspaces when they are first used."""
        current = torch.cuda.current_stream(self._stream.device)
        self._stream.wait_stream(current)
        with torch.cuda.stream(self._stream):
            function()
        current.wait_stream(self._stream)

    def capture(self, function: Callable[[], None]) -> Replay:
        if self._refused:
            return function
        graph = torch.cuda.CUDAGraph()
        # Only of this thread: what another does on the GPU at the same time is neither captured nor refused.
        capture = torch.cuda.graph(graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local")
        try:
            # The outer one comes back from the stream that captures even if a capture is broken off.
            with torch.cuda.stream(self._stream), capture:
                function()
        except RuntimeError as error:
            self._refused = True
            self._tell(error)
            return function
        return graph.replay


class Captured:
    """A function of whole numbers that is captured for each choice of them, and then replayed.

    The first `warm_up` calls with some numbers run as they are: libraries make their workspaces in them, and compilers
    kernels. What is asked for no more often is never captured. A capture knows nothing of Python: the function must
    do the same operations on the same tensors in every call with the same numbers, and never make the host wait for the
    device. Random numbers are drawn anew in each call, from the seed that was set before it.
    """

    def __init__(self, function: Callable[..., None], capturer: Capturer, warm_up: int = 1) -> None:
        self._function, self._capturer, self._warm_up = function, capturer, warm_up
        self._runs: Counter[tuple[int, ...]] = Counter()
        self._replays: dict[tuple[int, ...], Replay] = {}

    def __call__(self, *numbers: int) -> None:
        def call() -> None:
            self._function(*numbers)

        if self._runs[numbers] < self._warm_up:
            self._runs[numbers] += 1
            self._capturer.run(call)
            return
        if numbers not in self._replays:
            self._replays[numbers] = self._capturer.capture(call)
        self._replays[numbers]()
