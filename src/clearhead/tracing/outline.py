"""What a family computes, as its own modules tell it: its operations in reading order, and the shape of each tensor.

The family is built of its config and run once, with one zero in the place of all numbers of a matrix; its modules say
how each tensor comes about (`model.observed.Made`). So a new part of a model is traced without an edit here.
"""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from clearhead.errors import ConfigError
from clearhead.model import FamilyConfig, Observed
from clearhead.model.families import built
from clearhead.model.observed import Listen, Made, unseen
from clearhead.model.shapes import Shape, parameter_shapes
from clearhead.tracing.families import family_of
from clearhead.tracing.operations import Operation, description_of

# Of these the lengths of the sequences in the run, each of which can be told from the others and from heads in a shape.
_LENGTHS = (2, 3, 4)
# How many numbers a matrix of the run may have: of width 8,192.
_MOST_NUMBERS = 2**26


class Outline(NamedTuple):
    """operations: in reading order. given: the shape in the run of every tensor that the model was given."""

    operations: tuple[Operation, ...]
    given: Mapping[str, Shape]


def operations_of(config: FamilyConfig) -> tuple[Operation, ...]:
    """What a model of this config computes, in the order in which the paper explains it.

    Raises ConfigError where it is too wide for that to be found out.
    """
    return outline(config).operations


def tensor_shapes(config: FamilyConfig, *lengths: int) -> dict[str, Shape]:
    """The shape of every tensor of a trace: of those that the model was given, and then in reading order.

    lengths: of the sequences, for an encoder-decoder those of the source and of the target, else of the text.
    """
    operations, given = outline(config)
    length_of = dict(zip(_lengths(config), lengths, strict=True))
    shapes = {name: tuple(length_of.get(size, size) for size in shape) for name, shape in given.items()}
    own = parameter_shapes(config, shared=True)
    for one in operations:
        inputs, weights = [shapes[name] for name in one.inputs], [own[name] for name in one.parameters]
        shapes[one.name] = description_of(one).shape(inputs, weights, one.settings)
    return shapes


@functools.lru_cache(maxsize=16)
def outline(config: FamilyConfig) -> Outline:
    """What a model of this config tells of itself. Raises ConfigError as `operations_of` does."""
    block = config.block
    if block.width * block.heads * block.head_width > _MOST_NUMBERS:
        raise ConfigError(f"width={block.width} with heads={block.heads} of {block.head_width} is too wide to trace")
    # What no operation depends on is made small: a table of positions of a file's length could fill the memory.
    names = [one.name for one in dataclasses.fields(config)]
    sizes: dict[str, Any] = {name: 1 for name in names if name.endswith("vocabulary")}
    small = dataclasses.replace(config, **sizes, inner_width=1, max_length=max(_LENGTHS))
    with torch.device("meta"):
        model = built(small).eval()
    told = _Told()
    for path, module in model.named_modules():
        for name, one in module.named_parameters(recurse=False):
            setattr(module, name, nn.Parameter(torch.zeros((), device="cpu").expand(one.shape), requires_grad=False))
        if isinstance(module, Observed):
            module.observer, module.listener = unseen, told.listener(path, module)
    with torch.inference_mode():
        model(*(torch.zeros(1, length, dtype=torch.long, device="cpu") for length in _lengths(config)))
    # Ids before masks.
    given = dict(sorted(told.given.items(), key=lambda one: len(one[1])))
    return Outline(tuple(told.operations), given)


def _lengths(config: FamilyConfig) -> tuple[int, ...]:
    """As many as the family reads sequences."""
    return tuple(one for one in _LENGTHS if one != config.heads)[: len(family_of(config).reads)]


def as_traced(tensor: Tensor, operation: str) -> Tensor:
    """A tensor as a trace has it: without the dimension of sentences and, for a mask, of heads."""
    if operation == "positions":  # The same for every sentence.
        return tensor
    return tensor[0, 0] if tensor.dtype == torch.bool else tensor[0]


class _Told:
    """What the modules told so far. Tensors are known by their identity, so all of them are kept."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.given: dict[str, Shape] = {}
        self._names: dict[int, str] = {}
        self._kept: list[Tensor] = []

    def listener(self, path: str, module: nn.Module) -> Listen:
        def listen(made: Made) -> Tensor:
            inputs = tuple(self._names[id(one)] for one in made.inputs if one is not None)
            name = f"{path}.{made.name}" if path else made.name
            if not made.name:
                name = inputs[0]
            elif made.operation:
                parameters, is_shown = _parameters(path, module, made.weights), made.tensor is not None
                self.operations.append(Operation(name, made.operation, inputs, parameters, made.settings, is_shown))
            else:
                assert made.tensor is not None
                self.given[name] = tuple(as_traced(made.tensor, "").shape)
            tensor = torch.empty(0) if made.tensor is None else made.tensor
            self._names[id(tensor)] = name
            self._kept.append(tensor)
            return tensor

        return listen


def _parameters(path: str, module: nn.Module, weights: str) -> tuple[str, ...]:
    """The paths of the parameters behind names: of a module's own ones, and of parameters themselves."""
    own = [name for name, _ in module.named_parameters()]
    within = [name for part in weights.split() for name in own if name in (part, f"{part}.{name.rpartition('.')[2]}")]
    return tuple(f"{path}.{name}" if path else name for name in within)
