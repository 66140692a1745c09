"""Sampling: translations drawn at random, by the model's probabilities."""

from collections.abc import Sequence

import numpy
import torch
from jaxtyping import Float, Int
from torch import Tensor

from clearhead.decoding.options import Sampling, SearchOptions
from clearhead.decoding.search import (
    Choice,
    Hypothesis,
    Prefixes,
    StepFunction,
    follow,
    permitted_log_probabilities,
)
from clearhead.decoding.shortlist import Logits, whole
from clearhead.decoding.utf8 import Standing


def sample(
    step: StepFunction,
    max_lengths: Sequence[int],
    options: SearchOptions,
    *,
    numbers: Sequence[int] | None = None,
    prefixes: Prefixes | None = None,
    device: torch.device | str = "cpu",
) -> list[list[Hypothesis]]:
    """Draw `options.top_beams` translations of each sentence by `options.sampling`, best score first.

    Draws are independent, so one translation may come twice. Each depends on the seed, on the sentence's number and on
    which of its draws it is, and on nothing else in the batch. Log-probabilities are the model's, at temperature 1.

    numbers: the sentences' numbers among all that are translated; 0, 1, 2, … where not given.
    max_lengths, prefixes: as in `greedy`. Raises DecodingError as it does.
    """
    sampling = options.sampling or Sampling()
    numbers = range(len(max_lengths)) if numbers is None else numbers
    # Tensor of "sentences beams positions"; seeding by all three is what makes a draw independent of its batch mates.
    longest = max(max_lengths, default=0)
    streams = [
        [numpy.random.default_rng((sampling.seed, number, draw)).random(longest) for draw in range(options.top_beams)]
        for number in numbers
    ]
    uniforms = torch.tensor(numpy.array(streams), dtype=torch.float64, device=device)

    def choose(
        logits: Logits, active: Sequence[int], prefixes: Prefixes, position: int, standing: Standing | None
    ) -> Choice:
        permitted = permitted_log_probabilities(whole(logits), options, prefixes, position, standing)
        tokens = draw_tokens(permitted, uniforms[active, :, position], sampling)[..., None]
        return Choice(permitted.gather(-1, tokens), tokens)

    return follow(step, max_lengths, options, options.top_beams, choose, prefixes, device)


def draw_tokens(
    logits: Float[Tensor, "*rows vocabulary"], uniforms: Float[Tensor, "*rows"], sampling: Sampling
) -> Int[Tensor, "*rows"]:
    """One token a row, by inverting the cumulative distribution of the tokens that remain, most probable first.

    logits: log-probabilities will do; -inf is never drawn. uniforms: from [0, 1).
    """
    ordered, tokens = (logits.double() / sampling.temperature).sort(dim=-1, descending=True, stable=True)
    if sampling.top_k is not None:
        ordered = ordered[..., : sampling.top_k]
    cumulative = ordered.softmax(-1).cumsum(-1)
    kept = ordered.isfinite()
    if sampling.top_p is not None:
        # A token stays while those before it fall short of p: the first always does.
        kept[..., 1:] &= cumulative[..., :-1] < sampling.top_p
    # Where nothing has a probability, as after NaN, the first is taken: what it is worth tells the caller.
    last = (kept.sum(-1, keepdim=True) - 1).clamp(min=0)
    threshold = uniforms[..., None] * cumulative.gather(-1, last)
    # The first token whose cumulative probability passes the threshold; rounding may carry it one past the last.
    place = (cumulative <= threshold).sum(-1, keepdim=True).minimum(last)
    return tokens.gather(-1, place)[..., 0]
