"""Every initial weight, in one place."""

import math

import torch
from torch import Tensor, nn

from clearhead.model.attention import Attention
from clearhead.model.blocks import Residual
from clearhead.model.config import Initialization
from clearhead.model.embedding import Output
from clearhead.model.feed_forward import FeedForward
from clearhead.model.position_bias import RelativeBias
from clearhead.model.positions import Positions

# Of GPT-2 and BERT.
_DEVIATION = 0.02


def initialize(model: nn.Module, seed: int, kind: Initialization = "paper") -> None:
    """Draw every weight of `model` from `seed`: the same seed gives the same model, whatever was drawn before.

    Linear layers: Xavier uniform (Glorot and Bengio 2010), as in tensor2tensor, with biases of 0. Embeddings: normal
    with deviation 1/√d_model, so that they have deviation 1 after their scaling by √d_model, like the positions that
    are added to them. Normalisations begin as the identity. A model on torch's meta device has no numbers to draw.

    kind: "gpt2" and "bert" draw all of these with deviation 0.02, GPT-2 those that residual sums are made of with that
    over the root of how many sums a stack has, so that the last is no larger for more layers (Radford et al. 2019).
    "zero-outputs" begins with 0 there, so that each layer begins as the identity.
    """
    if any(one.is_meta for one in model.parameters()):
        return
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.Linear):
                if kind == "paper":
                    nn.init.xavier_uniform_(module.weight, generator=generator)
                else:
                    nn.init.normal_(module.weight, std=_DEVIATION, generator=generator)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif (drawn := _table(module)) is not None:
                table, width = drawn
                nn.init.normal_(table, std=width**-0.5 if kind == "paper" else _DEVIATION, generator=generator)
            elif isinstance(module, Output) and module.bias is not None:
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.LayerNorm | nn.RMSNorm):
                module.reset_parameters()
        if kind in ("gpt2", "zero-outputs"):
            for stack in model.children():
                _shrink_sums(stack, vanish=kind == "zero-outputs")


def _table(module: nn.Module) -> tuple[Tensor, int] | None:
    """A module's table of numbers that are looked up, and the width of the vectors that it is for."""
    if isinstance(module, nn.Embedding):
        return module.weight, module.embedding_dim
    if isinstance(module, Positions) and isinstance(module.table, nn.Parameter):
        return module.table, module.table.shape[1]
    return (module.table, module.width) if isinstance(module, RelativeBias) else None


def _shrink_sums(stack: nn.Module, vanish: bool) -> None:
    """Divide what is added to residual sums by the root of how many there are, or make it nothing."""
    sums = sum(isinstance(module, Residual) for module in stack.modules())
    divisor = math.inf if vanish else sums**0.5
    for module in stack.modules():
        if isinstance(module, Attention):
            module.output.weight /= divisor
        elif isinstance(module, FeedForward):
            module.outer.weight /= divisor
