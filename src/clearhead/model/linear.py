"""The linear layer, x·Wᵀ + b, with faster products for training on processors where torch's default is slow."""

import functools
import logging
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

_LOG = logging.getLogger(__name__)


class Linear(nn.Module):
    """x·Wᵀ + b. `weight` has a row for each output; first values come from `initialization.py`."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs))
        self.bias = nn.Parameter(torch.empty(outputs))

    def forward(self, inputs: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch outputs"]:
        if torch.is_grad_enabled() and _is_fast_for(inputs):
            result: Tensor = _FastLinear.apply(inputs, self.weight, self.bias)  # type: ignore[no-untyped-call]
            return result
        return F.linear(inputs, self.weight, self.bias)


def product(left: Float[Tensor, "rows inner"], right: Float[Tensor, "inner columns"]) -> Float[Tensor, "rows columns"]:
    """left @ right, outside of autograd, by the faster library where there is one."""
    if _is_fast_for(left):
        return _one_dnn(left, right.t(), None)
    return left @ right


def transposed_product(
    left: Float[Tensor, "rows outputs"], right: Float[Tensor, "rows inputs"]
) -> Float[Tensor, "outputs inputs"]:
    """leftᵀ @ right, outside of autograd: the gradient of a weight."""
    if not _is_fast_for(left):
        return left.t() @ right
    # oneDNN copies its first operand where that is a transposed view, so the smaller one comes first.
    if left.shape[1] <= right.shape[1]:
        return _one_dnn(left.t(), right.t(), None)
    return _one_dnn(right.t(), left.t(), None).t()


class _FastLinear(torch.autograd.Function):
    """`F.linear` and its gradients with oneDNN's products."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        rows = inputs.reshape(-1, inputs.shape[-1])
        ctx.save_for_backward(rows, weight)
        return _one_dnn(rows, weight, bias).view(*inputs.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        rows, weight = ctx.saved_tensors
        gradient = upstream.reshape(-1, upstream.shape[-1])
        inputs = _one_dnn(gradient, weight.t(), None).view(*upstream.shape[:-1], -1)
        return inputs, transposed_product(gradient, rows), gradient.sum(0)


def _one_dnn(rows: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """`F.linear` by oneDNN, an operator that torch keeps to itself."""
    result: Tensor = torch.ops.mkldnn._linear_pointwise(rows, weight, bias, "none", [], "")
    return result


def _is_fast_for(inputs: Tensor) -> bool:
    return inputs.device.type == "cpu" and inputs.dtype == torch.float32 and inputs.numel() > 0 and _one_dnn_is_better()


@functools.cache
def _one_dnn_is_better() -> bool:
    """Whether to take oneDNN's products for torch's own, decided once by what the machine is, so that runs repeat.

    torch multiplies float32 matrices with MKL, which on AMD's processors reaches less than half of oneDNN's speed (80
    against 190 GFLOP/s on two cores of a Zen 5). The operator is private, so it is tried and compared first.
    """
    if not _is_amd():
        return False
    try:
        # Of its own generator: the first step of a run must not find its random numbers moved on.
        generator = torch.Generator().manual_seed(1)
        shapes = ((5, 4), (3, 4), (3,), (5, 2))
        rows, weight, bias, other = (torch.randn(shape, generator=generator) for shape in shapes)
        equal = torch.allclose(_one_dnn(rows, weight, bias), F.linear(rows, weight, bias), atol=1e-5)
        equal = equal and torch.allclose(_one_dnn(rows.t(), other.t(), None), rows.t() @ other, atol=1e-5)
    except (AttributeError, RuntimeError, NotImplementedError) as error:
        _LOG.info("oneDNN's products cannot be used (%s); torch's own are", error)
        return False
    if not equal:
        _LOG.warning("oneDNN's products differ from torch's here; torch's own are used")
    return equal


def _is_amd() -> bool:
    information = Path("/proc/cpuinfo")
    try:
        return "AuthenticAMD" in information.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
