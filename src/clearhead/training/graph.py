"""A step as one CUDA graph: recorded once and replayed, so that Python no longer starts each of its operations."""

from collections.abc import Callable

import torch

from clearhead.errors import TrainingError

# So many calls come before the one that is recorded: libraries make their workspaces in them, and compilers kernels.
WARM_UP = 3


class Graph:
    """A function without arguments that does the same operations on the same tensors whenever it is called.

    Its first calls run it as it is, on a stream of their own; then it is recorded, which computes nothing, and from
    there on replayed. Random numbers are drawn anew in each call, from the seed that was set before it. Nothing in the
    function may make the host wait for the device, and what it does in Python happens in the first calls alone.

    Source: torch's notes on CUDA graphs, "Whole-network capture".
    """

    def __init__(self, function: Callable[[], None]) -> None:
        self._function = function
        self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        self._warmed_up = 0
        self._replay: Callable[[], None] | None = None

    def __call__(self) -> None:
        if self._warmed_up < WARM_UP:
            self._warmed_up += 1
            self._run()
            return
        if self._replay is None:
            self._replay = self._recorded()
        self._replay()

    def _run(self) -> None:
        current = torch.cuda.current_stream()
        self._stream.wait_stream(current)
        with torch.cuda.stream(self._stream):
            self._function()
        current.wait_stream(self._stream)

    def _recorded(self) -> Callable[[], None]:
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph, stream=self._stream, capture_error_mode="thread_local"):
                self._function()
        except RuntimeError as error:
            reason = str(error).strip().partition("\n")[0]
            raise TrainingError(
                f"the training step cannot be recorded as a CUDA graph ({reason}); set training.graph=false"
            ) from error
        return graph.replay
