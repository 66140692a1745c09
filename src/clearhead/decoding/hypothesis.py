"""What a search finds, and what becomes of a model that gives no numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from clearhead.decoding.options import SearchOptions
from clearhead.errors import DecodingError


@dataclass(frozen=True)
class Hypothesis:
    """A target sequence that a search found, or was asked to score.

    tokens: without begin; the last one is end if it finished, or completes a stop string.
    log_probability: natural logarithm, the sum of token_log_probabilities (the end token's included), as the model
        gives them: neither temperature nor suppression changes them. Under a shortlist they are shared out among the
        tokens of the sentence's list, and so a little higher.
    score: log_probability under the length penalty; hypotheses are ranked by it.
    finished: False if it reached the greatest length allowed before it ended.
    """

    tokens: tuple[int, ...]
    log_probability: float
    score: float
    token_log_probabilities: tuple[float, ...]
    finished: bool


def make_hypothesis(
    tokens: Sequence[int], log_probabilities: Sequence[float], options: SearchOptions, finished: bool
) -> Hypothesis:
    """Sum and score the tokens of a path.

    Raises DecodingError if the model gave what is not a number, or no probability at all.
    """
    total = sum(log_probabilities)
    require_number(total)
    require_possible(total > -math.inf)
    score = options.length_penalty.score(total, len(tokens))
    return Hypothesis(tuple(tokens), total, score, tuple(log_probabilities), finished)


def best_first(hypotheses: Sequence[Hypothesis]) -> list[Hypothesis]:
    """Finished before unfinished, then by score."""
    return sorted(hypotheses, key=lambda hypothesis: (hypothesis.finished, hypothesis.score), reverse=True)


def require_number(log_probability: float) -> None:
    """Raise DecodingError for NaN, which compares as neither better nor worse than anything."""
    require_possible(not math.isnan(log_probability))


def require_possible(is_possible: bool) -> None:
    """Raise DecodingError where nothing that may be written has a probability: it is NaN, or 0."""
    if not is_possible:
        raise DecodingError(
            "the model's log-probabilities are not numbers (NaN or infinite): its weights are damaged; "
            "load another bundle"
        )
