"""From a trained model to text: one search, the scores that rank what it finds, many sentences at once."""

from typing import TYPE_CHECKING

from clearhead.lazy import lazy_names

if TYPE_CHECKING:
    from clearhead.decoding.beam import Step
    from clearhead.decoding.engine import Engine
    from clearhead.decoding.hypothesis import Hypothesis
    from clearhead.decoding.lengths import LengthLimit
    from clearhead.decoding.options import Precision, Sampling, SearchOptions
    from clearhead.decoding.readings import Reading, readings_for
    from clearhead.decoding.requests import Request
    from clearhead.decoding.rules import Rules
    from clearhead.decoding.scores import LengthPenalty
    from clearhead.decoding.scoring import score_ids
    from clearhead.decoding.shortlist import Shortlist
    from clearhead.decoding.strategies import SearchStrategy

__all__ = [
    "Engine",
    "Hypothesis",
    "LengthLimit",
    "LengthPenalty",
    "Precision",
    "Reading",
    "Request",
    "Rules",
    "Sampling",
    "SearchOptions",
    "SearchStrategy",
    "Shortlist",
    "Step",
    "readings_for",
    "score_ids",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "beam": ("Step",),
        "engine": ("Engine",),
        "hypothesis": ("Hypothesis",),
        "lengths": ("LengthLimit",),
        "options": ("Precision", "Sampling", "SearchOptions"),
        "readings": ("Reading", "readings_for"),
        "requests": ("Request",),
        "rules": ("Rules",),
        "scores": ("LengthPenalty",),
        "scoring": ("score_ids",),
        "shortlist": ("Shortlist",),
        "strategies": ("SearchStrategy",),
    },
)
