"""Positions that are told by what is added to scores: T5's relative ones, in buckets, and ALiBi's."""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from clearhead.model.config import BlockConfig
from clearhead.model.observed import Observed
from clearhead.model.tables import slopes


class RelativeBias(nn.Module):
    """For each head a number for each bucket of distances, learned; one table serves all layers of a stack.

    Half of the buckets are for single distances; in the others distances grow by a factor, up to `relative_distance`.
    A stack that looks both ways has half of the buckets for what comes after.
    Source: Raffel et al. 2020, "Exploring the Limits of Transfer Learning", section 2.1, and its program.
    """

    def __init__(self, config: BlockConfig, looks_both_ways: bool) -> None:
        super().__init__()
        self.looks_both_ways, self.width = looks_both_ways, config.width
        self.buckets, self.distance = config.relative_buckets, config.relative_distance
        self.table = nn.Parameter(torch.full((config.relative_buckets, config.heads), math.nan, dtype=torch.float32))

    def forward(self, buckets: Int[Tensor, "#batch queries keys"]) -> Float[Tensor, "#batch heads queries keys"]:
        # Kernels on a GPU want the keys of a query beside each other.
        return F.embedding(buckets, self.table).permute(0, 3, 1, 2).contiguous()

    def buckets_of(self, distances: Int[Tensor, "#batch queries keys"]) -> Int[Tensor, "#batch queries keys"]:
        """The bucket of each distance, a key's position minus its query's."""
        first, buckets = torch.zeros_like(distances), self.buckets
        if self.looks_both_ways:
            buckets //= 2
            first, distances = (distances > 0) * buckets, distances.abs()
        else:
            distances = (-distances).clamp(min=0)
        single = buckets // 2
        # In float32, as T5's program: in another precision a distance at a bucket's edge is in its neighbour.
        share = torch.log(distances.float() / single) / math.log(self.distance / single)
        # Of 0 the logarithm is no number; it is a distance of its own.
        grown = single + (share.clamp(min=0) * (buckets - single)).long()
        return first + torch.where(distances < single, distances, grown.clamp(max=buckets - 1))


class AlibiBias(nn.Module):
    """Minus the distance between key and query, times a slope that differs from head to head; nothing is learned.

    Of 8 heads the slopes are 1/2, 1/4, … 1/256. A number of heads that is no power of two has those of the power below,
    and between them every second one of the power above.
    Source: Press et al. 2022, "Train Short, Test Long", section 3, and its program. Looking both ways the distance is
    that to either side.
    """

    slopes: Tensor

    def __init__(self, config: BlockConfig) -> None:
        super().__init__()
        found = torch.tensor(slopes(config.heads), dtype=torch.float32, device="cpu")
        self.register_buffer("slopes", found[None, :, None, None], persistent=False)


def position_bias_for(config: BlockConfig, looks_both_ways: bool) -> RelativeBias | AlibiBias | None:
    """What tells a stack's self-attention where its tokens stand, where what is added to scores does."""
    if config.positions == "relative":
        return RelativeBias(config, looks_both_ways)
    return AlibiBias(config) if config.positions == "alibi" else None


def position_bias(
    stack: Observed, queries: Int[Tensor, "#batch queries"], keys: Int[Tensor, "#batch keys"]
) -> Float[Tensor, "#batch heads queries keys"]:
    """What the position bias of `stack` adds to the scores of queries and keys that stand at these positions."""
    bias = stack.position_bias
    distances = keys[:, None, :] - queries[:, :, None]
    if isinstance(bias, RelativeBias):
        buckets = bias.buckets_of(distances)
        stack.tell("buckets", buckets)
        return stack.see("position_bias", bias(buckets), "bucket", buckets, weights="position_bias")
    assert isinstance(bias, AlibiBias)
    away = -distances.abs().to(bias.slopes.dtype)
    stack.tell("distances", away)
    stack.tell("slopes", bias.slopes)
    return stack.see("position_bias", away[:, None] * bias.slopes, "multiply", away, bias.slopes)
