"""Every operation of a trace done again, in float64, from the tensors and parameters before it, as it is described."""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from clearhead.tracing.formulas import PLAIN, compute
from clearhead.tracing.operations import Operation, description_of


class Result(NamedTuple):
    """An operation's tensor in float64, and for each number the sum of the magnitudes that it was added up from."""

    value: Tensor
    magnitude: Tensor


def recompute(operation: Operation, tensors: Mapping[str, Tensor], parameters: Mapping[str, Tensor]) -> Result:
    """What `operation` makes of the tensors before it. KeyError where one of them, or a parameter, is not there.

    Raises TraceError for an operation, or a kind of one, that is not described.
    """
    description = description_of(operation)
    inputs = [tensors[name].double() for name in operation.inputs]
    own = [parameters[name].detach().double().cpu() for name in operation.parameters]
    with torch.device("cpu"):  # Whatever the process makes its tensors on.
        known: dict[str, Any] = {**description.defaults, **operation.settings, "infinity": torch.inf}
        known |= _places(inputs, own, operation.settings)
        for one, operands in zip(inputs, description.inputs, strict=False):
            known |= {name: _INPUTS[reading](_for_each_head(one, inputs[0])) for name, reading in operands.items()}
        for number, operands in enumerate(description.parameters):
            one = own[number] if number < len(own) else torch.zeros((), dtype=torch.float64)
            known |= {
                name: _PARAMETERS[reading](_of_heads(one, reading, operation.settings), inputs) if one.dim() else one
                for name, reading in operands.items()
            }

        def look(name: str) -> Any:
            if name not in known:
                known[name] = compute(description.given[name], look, _ON_TENSORS)
            return known[name]

        value = compute(description.value, look, _ON_TENSORS)
        bound = value.abs() if description.bound is None else compute(description.bound, look, _ON_TENSORS)
    return Result(value, bound)


def _places(inputs: Sequence[Tensor], own: Sequence[Tensor], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Where each number stands, for what depends on that; `width`: of what is computed."""
    if not inputs:
        return {}
    width = settings.get("width") or (len(own[0]) // settings["heads"] if "heads" in settings and own else None)
    rows = inputs[0].shape[-2] if inputs[0].dim() > 1 else len(inputs[0])
    places: dict[str, Any] = {"row": torch.arange(rows, dtype=torch.float64)[:, None], "last": inputs[0].shape[-1]}
    if width is not None:
        places |= {"column": torch.arange(width, dtype=torch.float64), "width": width}
    return places


def _for_each_head(one: Tensor, first: Tensor) -> Tensor:
    """Keys or values of which heads next to each other share one, as each head reads them."""
    if one.dim() < 3 or first.dim() < 3 or len(one) >= len(first):
        return one
    return one.repeat_interleave(len(first) // len(one), dim=0)


def _of_heads(parameter: Tensor, reading: str, settings: Mapping[str, Any]) -> Tensor:
    """A matrix (heads, head_width, width) or a vector (heads, 1, head_width), where the result has heads."""
    if "heads" not in settings:
        return parameter
    parts = parameter.view(settings["heads"], -1, *parameter.shape[1:])
    return parts if parameter.dim() > 1 else parts[:, None]


def _partner(one: Tensor, dim: int) -> Tensor:
    """Of each pair of numbers (2i, 2i+1) the other one."""
    return one.index_select(dim, torch.arange(one.shape[dim]) ^ 1)


# How operands are laid out so that each number of the result finds its own (`Description`). A row across is turned by
# `dot`, which is a product of matrices.
_INPUTS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "cell": lambda one: one,
    "first": lambda one: one[..., :1, :],
    "row": lambda one: one,
    "across": lambda one: one,
    "down": lambda one: one.mT,
    "partner": lambda one: _partner(one, -1),
    "opposite": lambda one: one.roll(one.shape[-1] // 2, -1),
    "split": lambda one: one.transpose(0, 1).flatten(1),
}
_PARAMETERS: Mapping[str, Callable[[Tensor, Sequence[Tensor]], Tensor]] = {
    "across": lambda one, _: one,
    "entry": lambda one, _: one,
    "partner across": lambda one, _: _partner(one, -2),
    "partner entry": lambda one, _: _partner(one, -1),
    "token": lambda one, inputs: one[inputs[0].long()],
    "bucket": lambda one, inputs: one[inputs[0].long()].permute(2, 0, 1),
    "place": lambda one, inputs: one[: len(inputs[0])],
}
_ON_TENSORS: Mapping[str, Callable[..., Any]] = {
    **{name: PLAIN[name] for name in ("+", "-", "*", "/", "^", "%")},
    **{name: getattr(torch, name) for name in ("abs", "exp", "sqrt", "sin", "cos", "tanh", "erf", "floor")},
    "larger": lambda one, other: torch.clamp(other, min=one) if isinstance(other, Tensor) else _at_least(one, other),
    "where": lambda one, other, third: torch.where(one != 0, other, third),
    "at": lambda one, number: one[..., number : number + 1],
    "total": lambda one: one.sum(-1, keepdim=True),
    "mean": lambda one: one.mean(-1, keepdim=True),
    "greatest": lambda one: one.amax(-1, keepdim=True),
    "count": lambda one: one.shape[-1],
    "dot": lambda one, other: operator.matmul(one, other.mT),
}


def _at_least(one: Any, least: float | int) -> Any:
    return torch.clamp(one, min=least) if isinstance(one, Tensor) else max(one, least)
