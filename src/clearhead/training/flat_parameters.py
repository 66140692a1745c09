"""All parameters that learn as one flat tensor: clipping, update and average are one operation each, not ninety."""

import math
from collections.abc import Callable, Collection, Mapping
from typing import Generic, Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor, nn

from clearhead.errors import TrainingError
from clearhead.training.new_tokens import learns_rows_alone

# Every parameter begins at a multiple of so many numbers: 64 bytes, which processors load at once.
_ALIGNED = 16


Model = TypeVar("Model", bound=nn.Module)


@runtime_checkable
class Zeros(Protocol):
    def __call__(self, count: int, /, *, dtype: torch.dtype) -> Tensor: ...


class FlatParameters(Generic[Model]):
    """A model's parameters that learn, moved into one tensor that they are views of, and their gradients into another.

    `values` and `gradients` hold the matrices first, then the vectors, so that weight decay is a matter of one cut:
    `matrices` and `vectors` are the two slices. What lies between two parameters is 0 and stays 0. Gradients are summed
    into their tensor by the backward pass itself; whoever has used them sets them to 0 there, and never by `zero_grad`,
    which would cut the parameters off from it. Those that are frozen (`requires_grad` is False) stay where they are.
    """

    def __init__(self, model: Model, names: Collection[str] | None = None, zeros: Zeros = torch.zeros) -> None:
        """names: the parameters to move, without gradients, of a model that is frozen; None for those that learn.

        zeros: what gives the memory for `values`, such as one that several processes see.
        """
        every = dict(model.named_parameters())
        parameters = {
            name: one for name, one in every.items() if (one.requires_grad if names is None else name in names)
        }
        if not parameters:
            raise TrainingError(
                f"all {len(every)} weights of the model are frozen, so nothing is left to train; let some learn, by a "
                "shorter training.freeze or by requires_grad_(True)"
            )
        self.model, self._parameters = model, parameters
        # Of which some rows alone learn, so that nothing may change the others.
        self.partial = frozenset(name for name, one in parameters.items() if learns_rows_alone(one))
        first = next(iter(parameters.values()))
        ordered = sorted(parameters, key=lambda name: parameters[name].ndim <= 1)
        self._places: dict[str, tuple[int, torch.Size]] = {}
        end = 0
        for name in ordered:
            self._places[name] = (end, parameters[name].shape)
            end += _aligned(parameters[name].numel())
        cut = min((start for start, shape in self._places.values() if len(shape) <= 1), default=end)
        self.matrices, self.vectors = slice(0, cut), slice(cut, end)
        self.values = zeros(end, dtype=first.dtype).to(first.device)
        for name, value in self.views(self.values).items():
            value.copy_(parameters[name].detach())
            parameters[name].data = value
        self.gradients = torch.zeros(end if names is None else 0, dtype=first.dtype, device=first.device)
        if names is None:
            self.sum_gradients_in(self.gradients)

    def sum_gradients_in(self, gradients: Tensor) -> None:
        """Have the backward pass sum them there, in a tensor laid out like `values`."""
        self.gradients = gradients
        for name, gradient in self.views(gradients).items():
            self._parameters[name].grad = gradient

    @property
    def names(self) -> Collection[str]:
        """Of the parameters in it."""
        return self._places.keys()

    def mark_modified(self) -> None:
        """Say that `values` was changed, to autograd and to whoever keeps what was computed from a parameter."""
        torch.autograd.graph.increment_version(list(self._parameters.values()))

    def inside_layers(self) -> tuple[list[str], list[slice]]:
        """The names of the matrices that are part of a layer, and where in `values` the other matrices are."""
        names, others, start = [], [], 0
        for name, (place, shape) in self._places.items():
            if place >= self.matrices.stop:
                break
            if len(shape) == 2 and ".layers." in name:
                others.append(slice(start, place))
                names.append(name)
                start = place + _aligned(shape.numel())
        return names, [one for one in (*others, slice(start, self.matrices.stop)) if one.start < one.stop]

    def apart(self, part: slice, is_chosen: Callable[[str], bool]) -> list[tuple[slice, bool]]:
        """`part` in pieces, each of parameters that are all chosen by their names, or all not; which of them it is."""
        found: list[tuple[slice, bool]] = []
        for name, (place, _) in self._places.items():
            if not part.start <= place < part.stop:
                continue
            chosen = is_chosen(name)
            if not found or found[-1][1] != chosen:
                if found:
                    found[-1] = slice(found[-1][0].start, place), found[-1][1]
                found.append((slice(place if found else part.start, part.stop), chosen))
        return found

    def views(self, flat: Tensor) -> Mapping[str, Tensor]:
        """What of `flat`, a tensor laid out like `values`, belongs to which parameter."""
        return {name: flat[start : start + shape.numel()].view(shape) for name, (start, shape) in self._places.items()}


def _aligned(count: int) -> int:
    return math.ceil(count / _ALIGNED) * _ALIGNED
