"""The exponential moving average of the weights, which is validated and kept in place of the newest ones."""

import copy

import torch

from clearhead.model.linear import set_matmul_dtype
from clearhead.recipe import Average
from clearhead.tasks import Model
from clearhead.training.flat_parameters import FlatParameters


class MovingAverage:
    """A second model whose weights follow the first one's: average ← d·average + (1 - d)·weights.

    d rises to the recipe's decay as (1 + t)/(10 + t), so that the first weights, which are noise, are soon forgotten.
    """

    def __init__(self, followed: FlatParameters[Model], settings: Average) -> None:
        self.decay = settings.decay if settings.name == "ema" else 0.0
        # Without a decay the weights are the same numbers, not a copy that is made in each step.
        zeros = torch.zeros if self.decay else lambda count, *, dtype: followed.values
        # What is frozen is the same for both; beside adapters it is nearly everything.
        frozen = {id(one): one for one in followed.model.parameters() if not one.requires_grad}
        self.model = copy.deepcopy(followed.model, frozen).requires_grad_(False).eval()
        # It is used as a trained model is, which rounds nothing.
        set_matmul_dtype(self.model, torch.float32)
        self.flat, self._followed = FlatParameters(self.model, followed.names, zeros), followed.values
        self._share = torch.zeros_like(self._followed[0])

    @torch.no_grad()
    def take_frozen(self, model: Model) -> None:
        """Have the weights of `model` that do not learn: a run that is resumed may have frozen them on their way."""
        followed = dict(model.named_parameters())
        for name, parameter in self.model.named_parameters():
            if name not in self.flat.names:
                parameter.copy_(followed[name])

    def prepare(self, step: int) -> None:
        """Say, before update number `step`, what share the weights after it are to have."""
        self._share.fill_(1.0 - min(self.decay, (1 + step) / (10 + step)))

    def update(self) -> None:
        """Follow the weights."""
        if self.decay:
            self.flat.values.lerp_(self._followed, self._share)
