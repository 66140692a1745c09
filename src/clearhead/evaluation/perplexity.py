"""Perplexity: among how many equally probable tokens a model would be as undecided as it is."""

import math


def perplexity_of(loss: float) -> float:
    """The exponential of a loss in nats a token; a number even where that is beyond float64."""
    return math.exp(min(loss, 700.0))


def shown_perplexity(perplexity: float, decimals: int = 2) -> str:
    """With six digits at most: what is beyond says no more than that."""
    if not perplexity >= 999.5:
        return f"{perplexity:.{decimals}f}"
    return "> 999,999" if perplexity >= 999_999.5 else f"{perplexity:,.0f}"
