"""How much of a source a translation looked at: translations that leave out a part of it rank lower."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from clearhead.tasks.translation.results import Translation


def coverage(attention: Float[np.ndarray, "target source"]) -> float:
    """Σᵢ log min(Σⱼ aⱼᵢ, 1) over the source's tokens i and the target's j: 0 where each was looked at once or more.

    attention: how much each target token attended to each source token; rows add up to 1.
    Source: Wu et al. 2016, "Google's Neural Machine Translation System", equation 15, its β left out.
    """
    looked_at = np.minimum(attention.sum(0, dtype=np.float64), 1.0)
    # What was never looked at at all, as float32 has it, is no more than all else together.
    return float(np.log(np.maximum(looked_at, np.finfo(np.float32).tiny)).sum())


def best_covered(
    found: Sequence[Sequence[Translation]],
    attention: Sequence[Sequence[Float[np.ndarray, "target source"]]],
    penalty: float,
) -> list[list[Translation]]:
    """Each text's translations, best first: `penalty` (β) times their coverage is a part of their scores."""
    told = [
        [dataclasses.replace(one, score=one.score + penalty * coverage(own)) for one, own in zip(*pair, strict=True)]
        for pair in zip(found, attention, strict=True)
    ]
    return [sorted(translations, key=lambda one: -one.score) for translations in told]
