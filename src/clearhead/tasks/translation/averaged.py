"""Several models as one that scores whole texts at once: the mean of what they find probable."""

import math
from collections.abc import Sequence
from typing import Any, final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from clearhead.model import Masks


@final
class Averaged(nn.Module):
    """Its logits are the logarithm of the mean of the members' probabilities, as `EnsembleRuntime` has it.

    config: of the member that reads and writes the shortest texts.
    """

    def __init__(self, members: Sequence[Any]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.config = min((one.config for one in members), key=lambda config: int(config.max_length))

    def forward(
        self, source: Int[Tensor, "sentences source"], target: Int[Tensor, "sentences target"], masks: Masks | None
    ) -> Float[Tensor, "sentences target vocabulary"]:
        found = [one(source, target, masks) for one in self.members]
        precise = [one.log_softmax(-1, dtype=torch.promote_types(one.dtype, torch.float32)) for one in found]
        return torch.logsumexp(torch.stack(precise), 0) - math.log(len(precise))
