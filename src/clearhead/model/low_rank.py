"""LoRA: products of low rank that learn in place of the weights of linear layers."""

import copy
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from clearhead.model.linear import Linear


class LowRank(nn.Module):
    """α/r·B·A·x, which a linear layer adds to W·x: A is `down`, B is `up`, and r is the rank.

    It begins with A drawn and B zero, so that nothing is added. Source: Hu et al. 2021, section 4.1.
    """

    def __init__(self, layer: nn.Linear, rank: int, alpha: float, generator: torch.Generator) -> None:
        super().__init__()
        self.scale = alpha / rank
        self.down = Linear(layer.in_features, rank, bias=False)
        self.up = Linear(rank, layer.out_features, bias=False)
        # As torch draws a linear layer's weight, which PEFT does, too.
        bound = layer.in_features**-0.5
        with torch.no_grad():
            nn.init.uniform_(self.down.weight, -bound, bound, generator=generator)
            nn.init.zeros_(self.up.weight)

    def forward(self, inputs: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch outputs"]:
        outputs: Tensor = self.up(self.scale * self.down(inputs))
        return outputs

    @torch.no_grad()
    def product(self) -> Float[Tensor, "outputs inputs"]:
        """What the layer's weight would have to grow by: α/r·B·A in float32."""
        return self.scale * (self.up.weight.float() @ self.down.weight.float())


def adapters(model: nn.Module) -> Iterator[tuple[str, LowRank]]:
    """The adapters of a model, by the names of the layers that have them."""
    for name, module in model.named_modules():
        if isinstance(module, Linear) and isinstance(module.adapter, LowRank):
            yield name, module.adapter


def layers_named(model: nn.Module, patterns: Sequence[str]) -> dict[str, Linear]:
    """The linear layers inside blocks whose name, or the end of it after a point, a pattern fits."""
    return {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, Linear) and ".layers." in name and any(_fits(name, one) for one in patterns)
    }


def _fits(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) or fnmatchcase(name, f"*.{pattern}")


def attach(layers: Sequence[Linear], rank: int, alpha: float, seed: int) -> None:
    """Give each layer an adapter, drawn from `seed`."""
    generator = torch.Generator().manual_seed(seed)
    for layer in layers:
        layer.adapter = LowRank(layer, rank, alpha, generator).to(layer.weight.device)


Model = TypeVar("Model", bound=nn.Module)


def merged(model: Model) -> Model:
    """A model of the same outputs without adapters: each layer's weight is W + α/r·B·A. Other tensors are shared."""
    shared = {id(one): one for one in (*model.parameters(), *model.buffers())}
    result = copy.deepcopy(model, shared)
    for layer in list(result.modules()):
        if isinstance(layer, Linear) and isinstance(layer.adapter, LowRank):
            weight = layer.weight.detach() + layer.adapter.product()
            layer.weight = nn.Parameter(weight, requires_grad=False)
            # As it was built: no module of this name, not even one that is None.
            del layer.adapter
            layer.adapter = None
    return result
