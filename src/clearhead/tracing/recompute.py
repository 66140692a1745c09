"""Every step of a trace done again, in float64, from the tensors and parameters before it."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor

from clearhead.errors import TraceError
from clearhead.model.config import EPS
from clearhead.model.positions import sinusoidal, sinusoidal_concatenated
from clearhead.tracing.steps import Step


class Result(NamedTuple):
    """A step's tensor in float64, and for each number the sum of the magnitudes that it was added up from.

    Rounding is in proportion to what was added, not to what remained: a large residual may hide in a small sum.
    """

    value: Tensor
    magnitude: Tensor


Inputs = Sequence[Tensor]
Operation = Callable[[Inputs, Inputs, Mapping[str, Any]], Result]
Known = TypeVar("Known")


def recompute(step: Step, tensors: Mapping[str, Tensor], parameters: Mapping[str, Tensor]) -> Result:
    """What `step` makes of the tensors before it. KeyError where one of them, or a parameter, is not there.

    Raises TraceError for an operation, or a kind of one, that is not known here.
    """
    inputs = [tensors[name].double() for name in step.inputs]
    own = [parameters[name].detach().double().cpu() for name in step.parameters]
    with torch.device("cpu"):  # Whatever the process makes its tensors on.
        return _known(OPERATIONS, step.operation, "operation")(inputs, own, step.settings)


def _known(table: Mapping[str, Known], name: str, what: str) -> Known:
    if name not in table:
        raise TraceError(
            f"{what} {str(name)[:60]!r} cannot be checked, which knows {', '.join(table)}; "
            "write it in tracing/recompute.py"
        )
    return table[name]


def _exactly(value: Tensor) -> Result:
    return Result(value, value.abs())


def _embed(inputs: Inputs, parameters: Inputs, settings: Mapping[str, Any]) -> Result:
    return _exactly(parameters[0][inputs[0].long()] * settings["scale"])


_LAYOUTS: Mapping[str, Callable[[int, int], Tensor]] = {
    "sinusoidal": sinusoidal,
    "sinusoidal-concatenated": sinusoidal_concatenated,
}


def _positions(inputs: Inputs, parameters: Inputs, settings: Mapping[str, Any]) -> Result:
    length = len(inputs[0])
    if parameters:
        return _exactly(parameters[0][:length])
    layout = _known(_LAYOUTS, settings["kind"], "kind of positions")
    return _exactly(layout(length, settings["width"]).double())


def _add(inputs: Inputs, parameters: Inputs, settings: Mapping[str, Any]) -> Result:
    return Result(inputs[0] + inputs[1], inputs[0].abs() + inputs[1].abs())


def _multiply(inputs: Inputs, parameters: Inputs, settings: Mapping[str, Any]) -> Result:
    return _exactly(inputs[0] * inputs[1])


def _same(inputs: Inputs, parameters: Inputs, settings: Mapping[str, Any]) -> Result:
    return _exactly(inputs[0])


def _project(inputs: Inputs, parameters: Inputs, settings: Mapping[str, Any]) -> Result:
    """x·Wᵀ + b: PyTorch keeps a linear layer's matrix turned."""
    weight, bias = parameters[0], parameters[1] if len(parameters) > 1 else None
    magnitude = F.linear(inputs[0].abs(), weight.abs(), None if bias is None else bias.abs())
    return Result(F.linear(inputs[0], weight, bias), magnitude)


def _heads(inputs: Inputs, parameters: Inputs, settings: Mapping[str, Any]) -> Result:
    """A projection split into heads, and turned by its position where positions are rotary."""
    value, magnitude = (
        one.view(len(one), settings["heads"], -1).transpose(0, 1) for one in _project(inputs, parameters, settings)
    )
    return _turned(value, magnitude) if settings["rotary"] else Result(value, magnitude)


def _turned(value: Tensor, magnitude: Tensor) -> Result:
    """Each pair of numbers (2i, 2i+1) as a complex number, times e^(i·position·10000^(-2i/d_k)) (Su et al. 2021)."""
    width = value.shape[-1]
    frequencies = 10_000.0 ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    angles = torch.arange(value.shape[-2], dtype=torch.float64)[:, None] * frequencies
    turned = torch.view_as_complex(value.reshape(*value.shape[:-1], -1, 2)) * torch.polar(
        torch.ones_like(angles), angles
    )
    both = magnitude.view(*magnitude.shape[:-1], -1, 2).sum(-1, keepdim=True).expand(*magnitude.shape[:-1], -1, 2)
    return Result(torch.view_as_real(turned).flatten(-2), both.flatten(-2))


def _scores(inputs: Inputs, parameters: Inputs, settings: Mapping[str, Any]) -> Result:
    query, key = inputs[0], _for_all_heads(inputs[1], len(inputs[0]))
    return Result(query @ key.mT, query.abs() @ key.abs().mT)


def _for_all_heads(shared: Tensor, heads: int) -> Tensor:
    """Keys or values, of which neighbouring heads may share one."""
    return shared.repeat_interleave(heads // len(shared), dim=0)


def _divide(inputs: Inputs, parameters: Inputs, settings: Mapping[str, Any]) -> Result:
    return _exactly(inputs[0] / settings["by"])


def _mask(inputs: Inputs, parameters: Inputs, settings: Mapping[str, Any]) -> Result:
    return _exactly(inputs[0].masked_fill(inputs[1] == 0, -math.inf))


def _softmax(inputs: Inputs, parameters: Inputs, settings: Mapping[str, Any]) -> Result:
    """The exponent's rounding is in proportion to its distance from the greatest one."""
    weights = torch.softmax(inputs[0], dim=-1)
    distance = inputs[0].amax(-1, keepdim=True) - inputs[0]
    return Result(weights, weights * (1 + torch.where(weights > 0, distance, 0.0)))


def _weigh(inputs: Inputs, parameters: Inputs, settings: Mapping[str, Any]) -> Result:
    weights, value = inputs[0], _for_all_heads(inputs[1], len(inputs[0]))
    return Result(weights @ value, weights @ value.abs())


def _merge(inputs: Inputs, parameters: Inputs, settings: Mapping[str, Any]) -> Result:
    return _exactly(inputs[0].transpose(0, 1).flatten(1))


def _activate(inputs: Inputs, parameters: Inputs, settings: Mapping[str, Any]) -> Result:
    value = _known(_FUNCTIONS, settings["function"], "activation")(inputs[0])
    # Below zero a smooth function takes a small difference of numbers about as large as its input.
    return Result(value, inputs[0].abs() + value.abs())


_FUNCTIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "relu": lambda x: x.clamp(min=0),
    "gelu": lambda x: x * 0.5 * (1 + torch.erf(x / math.sqrt(2))),
    "gelu-tanh": lambda x: 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "silu": lambda x: x / (1 + torch.exp(-x)),
}


def _mean(inputs: Inputs, parameters: Inputs, settings: Mapping[str, Any]) -> Result:
    return Result(inputs[0].mean(-1, keepdim=True), inputs[0].abs().mean(-1, keepdim=True))


def _variance(inputs: Inputs, parameters: Inputs, settings: Mapping[str, Any]) -> Result:
    """Of the whole row, divided by its width (not by one less)."""
    vectors, mean = inputs
    return Result(((vectors - mean) ** 2).mean(-1, keepdim=True), (vectors**2 + mean**2).mean(-1, keepdim=True))


def _mean_square(inputs: Inputs, parameters: Inputs, settings: Mapping[str, Any]) -> Result:
    return _exactly((inputs[0] ** 2).mean(-1, keepdim=True))


def _normalize(inputs: Inputs, parameters: Inputs, settings: Mapping[str, Any]) -> Result:
    """(x - mean) / √(variance + ε) · weight + bias (Ba et al. 2016).

    The model has a mean and a variance of its own, each rounded in proportion to what it was averaged from. To first
    order that changes the result by its derivative: -factor for the mean, -centred · factor / 2(variance + ε) for the
    variance. The magnitude is the sum of these two, of x · factor and of the bias.
    """
    vectors, mean, variance = inputs
    weight, bias = parameters[0], parameters[1] if len(parameters) > 1 else torch.zeros_like(parameters[0])
    variance_and_eps = variance + settings.get("eps", EPS)
    factor, centred = weight / variance_and_eps.sqrt(), vectors - mean
    of_mean, of_variance = _mean(inputs[:1], (), {}).magnitude, _variance(inputs[:2], (), {}).magnitude
    rounded = vectors.abs() + of_mean + centred.abs() * of_variance / (2 * variance_and_eps)
    return Result(centred * factor + bias, rounded * factor.abs() + bias.abs())


def _normalize_by_square(inputs: Inputs, parameters: Inputs, settings: Mapping[str, Any]) -> Result:
    """x / √(mean of squares + ε) · weight (Zhang and Sennrich 2019).

    Squares do not cancel, so the rounding of their mean is in proportion to the mean, and half of that to the result.
    """
    return _exactly(inputs[0] / (inputs[1] + settings.get("eps", EPS)).sqrt() * parameters[0])


OPERATIONS: Mapping[str, Operation] = {
    "embed": _embed, "positions": _positions, "add": _add, "multiply": _multiply, "same": _same,
    "project": _project, "heads": _heads, "scores": _scores, "divide": _divide, "mask": _mask, "softmax": _softmax,
    "weigh": _weigh, "merge": _merge, "activate": _activate, "mean": _mean, "variance": _variance,
    "mean_square": _mean_square, "normalize": _normalize, "normalize_by_square": _normalize_by_square,
}  # fmt: skip
