"""How much of a source a translation looked at."""

import numpy as np
from jaxtyping import Float

Attention = Float[np.ndarray, "target source"]


def coverage(attention: Attention) -> float:
    """Σᵢ log min(Σⱼ aⱼᵢ, 1) over the source's tokens i and the target's j: 0 where each was looked at once or more.

    attention: how much each target token attended to each source token; rows add up to 1.
    Source: Wu et al. 2016, "Google's Neural Machine Translation System", equation 15, its β left out.
    """
    looked_at = np.minimum(attention.sum(0, dtype=np.float64), 1.0)
    # What was never looked at at all, as float32 has it, is no more than all else together.
    return float(np.log(np.maximum(looked_at, np.finfo(np.float32).tiny)).sum())
