"""The exponential moving average of the weights, which is validated and kept in place of the newest ones."""

import copy

import torch

from clearhead.model import EncoderDecoder
from clearhead.recipe import Average


class MovingAverage:
    """A second model whose weights follow the first one's: average ← d·average + (1 - d)·weights.

    d rises to the recipe's decay as (1 + t)/(10 + t), so that the first weights, which are noise, are soon forgotten.
    """

    def __init__(self, model: EncoderDecoder, settings: Average) -> None:
        self.decay = settings.decay if settings.name == "ema" else 0.0
        self.model: EncoderDecoder = copy.deepcopy(model).requires_grad_(False).eval()
        self._pairs = list(zip(self.model.parameters(), model.parameters(), strict=True))

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Follow the weights after update number `step`."""
        decay = min(self.decay, (1 + step) / (10 + step))
        averages, weights = zip(*self._pairs, strict=True)
        torch._foreach_lerp_(list(averages), [weight.detach() for weight in weights], 1.0 - decay)
