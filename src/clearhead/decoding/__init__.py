"""From a trained model to text: searches over a step function, the scores that rank them, many sentences at once."""

from typing import TYPE_CHECKING

from clearhead.lazy import lazy

if TYPE_CHECKING:
    from clearhead.decoding.beam import BeamStep, beam_search
    from clearhead.decoding.device_model import DeviceModel
    from clearhead.decoding.engine import LengthLimit, score_ids, translate_ids
    from clearhead.decoding.options import Precision, Sampling, SearchOptions
    from clearhead.decoding.packed import PackedModel
    from clearhead.decoding.sampling import sample
    from clearhead.decoding.scores import LengthPenalty
    from clearhead.decoding.search import Hypothesis, StepFunction, greedy
    from clearhead.decoding.shortlist import Shortlist

__all__ = [
    "BeamStep",
    "DeviceModel",
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
    "sample",
    "score_ids",
    "translate_ids",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "beam": ("BeamStep", "beam_search"),
        "device_model": ("DeviceModel",),
        "engine": ("LengthLimit", "score_ids", "translate_ids"),
        "options": ("Precision", "Sampling", "SearchOptions"),
        "packed": ("PackedModel",),
        "sampling": ("sample",),
        "scores": ("LengthPenalty",),
        "search": ("Hypothesis", "StepFunction", "greedy"),
        "shortlist": ("Shortlist",),
    },
)
