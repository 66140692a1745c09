"""The model's layers through torch.compile: few large kernels in place of many small ones."""

import contextlib
from collections.abc import Callable, Iterable, Iterator

from torch import nn

from clearhead.errors import TrainingError


def compile_layers(layers: Iterable[nn.Module], backend: str | Callable[..., object] = "inductor") -> None:
    """Let every layer be compiled when it first runs, in place: names and weights stay what they are.

    A layer at a time, since equal layers share what is compiled for one of them: two compilations and not twelve.
    """
    for layer in layers:
        layer.compile(fullgraph=True, dynamic=False, backend=backend)


@contextlib.contextmanager
def compiler_errors() -> Iterator[None]:
    """Turn what torch's compiler raises into a TrainingError."""
    try:
        yield
    except RuntimeError as error:
        if not type(error).__module__.startswith(("torch._dynamo", "torch._inductor")):
            raise
        reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise TrainingError(
            f"torch cannot compile the training step ({reason}); install a C++ compiler, or set training.compile=false"
        ) from error
