"""How good translations are: BLEU, chrF, exact matches, perplexity, and whether a difference is more than chance."""

from clearhead.evaluation.metrics import Quality, measure
from clearhead.evaluation.perplexity import TextScores, perplexity_of, shown_perplexity
from clearhead.evaluation.phenomena import PhenomenonScore, score_phenomena
from clearhead.evaluation.significance import compare

__all__ = [
    "PhenomenonScore",
    "Quality",
    "TextScores",
    "compare",
    "measure",
    "perplexity_of",
    "score_phenomena",
    "shown_perplexity",
]
