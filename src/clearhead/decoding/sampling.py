"""Sampling: tokens drawn at random, by the model's probabilities."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from clearhead.decoding.beam import Sentence
from clearhead.decoding.options import Sampling
from clearhead.decoding.written import Written
from clearhead.runtimes.runtime import Bans, Choice, State, permitted


class Draws:
    """The random numbers of some sentences, one for each position, and how tokens are drawn with them.

    Draws are independent, so one translation may come twice. Each depends on the seed, on the sentence's number and on
    which of its draws it is, and on nothing else in the batch. Log-probabilities are the model's, at temperature 1.

    numbers: for each sentence of the batch, that of its text among all, and which of the text's draws it is.
    """

    def __init__(self, sampling: Sampling, numbers: Sequence[tuple[int, ...]], longest: int) -> None:
        self._sampling = sampling
        # Seeding by all three is what makes a draw independent of its batch mates.
        streams = [np.random.default_rng((sampling.seed, *number)).random(longest) for number in numbers]
        self._uniforms = np.array(streams).reshape(len(numbers), longest)

    def choose(
        self, state: State, bans: Bans, active: Sequence[Sentence], position: int, written: Written | None = None
    ) -> Choice:
        """One token for each row. written: what each has, where rules look back at it."""
        own = permitted(state.log_probabilities(), bans)
        allowed = own if written is None else written.allowed(state, bans)
        uniforms = self._uniforms[[sentence.number for sentence in active], position][:, None]
        tokens = draw_tokens(allowed, uniforms, self._sampling)[..., None]
        # Where nothing was left, that is told.
        kept = np.isneginf(np.take_along_axis(allowed, tokens, -1))
        return Choice(np.where(kept, -np.inf, np.take_along_axis(own, tokens, -1)), tokens)


def draw_tokens(
    logits: Float[np.ndarray, "*rows vocabulary"], uniforms: Float[np.ndarray, "*rows"], sampling: Sampling
) -> Int[np.ndarray, "*rows"]:
    """One token a row, by inverting the cumulative distribution of the tokens that remain, most probable first.

    logits: log-probabilities will do; -inf is never drawn. uniforms: from [0, 1).
    """
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = logits.astype(np.float64) / sampling.temperature
        tokens = np.argsort(-scaled, axis=-1, kind="stable")[..., : sampling.top_k]
        ordered = np.take_along_axis(scaled, tokens, -1)
        weights = np.exp(ordered - ordered[..., :1])
        cumulative = np.cumsum(weights / weights.sum(-1, keepdims=True), -1)
        kept = np.isfinite(ordered)
        if sampling.top_p is not None:
            # A token stays while those before it fall short of p: the first always does.
            kept[..., 1:] &= cumulative[..., :-1] < sampling.top_p
        # Where nothing has a probability, as after NaN, the first is taken: what it is worth tells the caller.
        last = np.maximum(kept.sum(-1, keepdims=True) - 1, 0)
        threshold = uniforms[..., None] * np.take_along_axis(cumulative, last, -1)
        # The first token whose cumulative probability passes the threshold; rounding may carry it one past the last.
        place = np.minimum((cumulative <= threshold).sum(-1, keepdims=True), last)
    drawn: Int[np.ndarray, "*rows"] = np.take_along_axis(tokens, place, -1)[..., 0]
    return drawn
