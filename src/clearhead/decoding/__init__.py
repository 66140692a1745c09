"""From a trained model to text: searches over a step function, the scores that rank them, many sentences at once."""

from clearhead.decoding.beam import beam_search
from clearhead.decoding.engine import LengthLimit, score_ids, translate_ids
from clearhead.decoding.options import Sampling, SearchOptions
from clearhead.decoding.packed import PackedModel, Precision, packed
from clearhead.decoding.sampling import sample
from clearhead.decoding.scores import LengthPenalty
from clearhead.decoding.search import Hypothesis, StepFunction, greedy
from clearhead.decoding.shortlist import Shortlist

__all__ = [
    "Hypothesis",
    "LengthLimit",
    "LengthPenalty",
    "PackedModel",
    "Precision",
    "Sampling",
    "SearchOptions",
    "Shortlist",
    "StepFunction",
    "beam_search",
    "greedy",
    "packed",
    "sample",
    "score_ids",
    "translate_ids",
]
