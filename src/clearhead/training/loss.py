"""Label-smoothed cross-entropy."""

import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor


def cross_entropy(
    logits: Float[Tensor, "*batch vocabulary"],
    target: Int[Tensor, "*batch"],
    label_smoothing: float = 0.0,
    padding: int = 0,
) -> Float[Tensor, ""]:
    """The cross-entropy of softmax(logits) from the smoothed targets, summed over the real tokens, in nats.

    The smoothed target gives 1 - ε + ε/V to the right token and ε/V to each other one of the V tokens (Szegedy et al.
    2016, equation 7; the paper's section 5.4 takes ε = 0.1). Up to the target's own entropy, which no model can
    change, this is the Kullback-Leibler divergence from it. Positions whose target is `padding` count for nothing.

    It is a sum, so that a step of several batches, or of several machines, divides once by all its tokens.
    """
    # In float32 whatever the logits' precision: a sum over a vocabulary overflows or drowns in 16 bits.
    return F.cross_entropy(
        logits.flatten(0, -2).float(),
        target.flatten(),
        ignore_index=padding,
        reduction="sum",
        label_smoothing=label_smoothing,
    )
