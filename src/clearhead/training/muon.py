"""Muon: momentum whose direction is made orthogonal, for the matrices inside layers.

Source: Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks".
"""

import math
from collections.abc import Mapping
from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor

MOMENTUM: Final = 0.95
ITERATIONS: Final = 5
# The quintic whose slope at 0 is steepest while singular values end near 1: within about 0.7 and 1.2.
COEFFICIENTS: Final = (3.4445, -4.7750, 2.0315)


def orthogonalized(
    matrices: Float[Tensor, "count rows columns"],
    iterations: int = ITERATIONS,
    matmul_dtype: torch.dtype = torch.float32,
) -> Float[Tensor, "count rows columns"]:
    """Each matrix with its singular vectors, and singular values of about 1: Newton-Schulz's iteration.

    X ← aX + (bA + cA²)X with A = XXᵀ, from the matrix over its Frobenius norm. In bfloat16 singular values scatter a
    little more about 1 than they do anyway, and a small model's step takes a quarter less time.
    """
    a, b, c = COEFFICIENTS
    is_tall = matrices.shape[1] > matrices.shape[2]
    found = matrices.mT if is_tall else matrices
    found = found / found.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    found = found.to(matmul_dtype, memory_format=torch.contiguous_format)
    for _ in range(iterations):
        gram = found @ found.mT
        found = torch.baddbmm(found, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), found, beta=a)
    found = found.to(matrices.dtype)
    return found.mT if is_tall else found


class Muon:
    """Updates some matrices; those of one shape together, since one product of many is faster than many of one.

    values, gradients: of each matrix by its name, one at least, which stay where they are. `rate`, a tensor, is that of
    square and of wide matrices; taller ones have √(rows / columns) times as much, so that each output moves as far.
    """

    def __init__(
        self,
        values: Mapping[str, Tensor],
        gradients: Mapping[str, Tensor],
        weight_decay: float,
        matmul_dtype: torch.dtype = torch.float32,
    ) -> None:
        self._values, self._gradients, self._decay = values, gradients, weight_decay
        self._matmul_dtype = matmul_dtype
        shapes = dict.fromkeys(value.shape for value in values.values())
        self._names = [[name for name, value in values.items() if value.shape == shape] for shape in shapes]
        device = next(iter(values.values())).device
        self.rate = torch.zeros((), dtype=torch.float32, device=device)
        self._momenta = [torch.zeros_like(torch.stack([values[name] for name in names])) for names in self._names]

    @torch.no_grad()
    def update(self, factor: Tensor, bad: Tensor) -> None:
        """Move every matrix by the gradients times `factor`; none at all where `bad` is 1."""
        goes = 1.0 - bad
        rate = self.rate * goes
        for names, momentum in zip(self._names, self._momenta, strict=True):
            # What is not finite times 0 would still not be finite.
            gradients = torch.where(bad > 0, 0.0, torch.stack([self._gradients[name] for name in names]) * factor)
            momentum.lerp_(gradients, (1.0 - MOMENTUM) * goes)
            direction = orthogonalized(gradients.lerp(momentum, MOMENTUM), matmul_dtype=self._matmul_dtype)
            direction *= -rate * math.sqrt(max(1.0, momentum.shape[1] / momentum.shape[2]))
            values = [self._values[name] for name in names]
            if self._decay:
                torch._foreach_mul_(values, 1.0 - rate * self._decay)
            torch._foreach_add_(values, list(direction.unbind()))

    def state(self) -> dict[str, Tensor]:
        """The momentum of each matrix, under its name."""
        pairs = zip(self._names, self._momenta, strict=True)
        return {name: value for names, momentum in pairs for name, value in zip(names, momentum, strict=True)}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take over what `state` gave."""
        for name, momentum in self.state().items():
            momentum.copy_(state[name])
