"""The position-wise feed-forward network, plain and gated."""

import functools
from collections.abc import Callable

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from clearhead.model.config import GATED, BlockConfig
from clearhead.model.dropout import Dropout
from clearhead.model.linear import Linear
from clearhead.model.observed import Observed


def _squared_relu(numbers: Tensor) -> Tensor:
    """So et al. 2021, "Primer"."""
    return F.relu(numbers).square()


FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "gelu": F.gelu,
    "gelu-tanh": functools.partial(F.gelu, approximate="tanh"),
    "silu": F.silu,
    "relu2": _squared_relu,
}


class FeedForward(Observed):
    """FFN(x) = max(0, x·W_1 + b_1)·W_2 + b_2: the same weights for every position (section 3.3, equation 2).

    A gated form multiplies the activation by a second projection of x: (f(x·W_1 + b_1) ⊙ (x·W_3 + b_3))·W_2 + b_2
    (Shazeer 2020, "GLU Variants Improve Transformer").
    """

    def __init__(self, config: BlockConfig) -> None:
        super().__init__()
        sizes = config.width, config.inner_width
        self.inner = Linear(*sizes, config.bias)
        self.gate = Linear(*sizes, config.bias) if config.activation in GATED else None
        self.outer = Linear(config.inner_width, config.width, config.bias)
        # Nothing comes between two products but a function of single numbers, of which the second rounds the result.
        self.inner.keeps_dtype = not (config.activation in GATED or config.bias or config.activation_dropout)
        self.activation = GATED.get(config.activation, config.activation)
        self.function = FUNCTIONS[self.activation]
        self.dropout = Dropout(config.activation_dropout)

    def forward(self, inputs: Float[Tensor, "batch length width"]) -> Float[Tensor, "batch length width"]:
        inner = self.see("inner", self.inner(inputs), "project", inputs, weights="inner")
        result = self.see("activated", self.function(inner), "activate", inner, function=self.activation)
        if self.gate is not None:
            gate = self.see("gate", self.gate(inputs), "project", inputs, weights="gate")
            result = self.see("gated", result * gate, "multiply", result, gate)
        return self.see("output", self.outer(self.dropout(result)), "project", result, weights="outer")
