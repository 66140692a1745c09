"""How good a model is: BLEU, chrF, TER, perplexity, accuracy and F1, and whether a difference is more than chance."""

from clearhead.evaluation.classes import ClassScores, count_classes
from clearhead.evaluation.masked import MaskedScores
from clearhead.evaluation.metrics import Quality, measure
from clearhead.evaluation.perplexity import TextScores, perplexity_of, shown_perplexity
from clearhead.evaluation.phenomena import PhenomenonScore, score_phenomena
from clearhead.evaluation.scores import Scores, plain_scores, scores_from
from clearhead.evaluation.significance import compare
from clearhead.evaluation.two_way import TwoWayScores

__all__ = [
    "ClassScores",
    "MaskedScores",
    "PhenomenonScore",
    "Quality",
    "Scores",
    "TextScores",
    "TwoWayScores",
    "compare",
    "count_classes",
    "measure",
    "perplexity_of",
    "plain_scores",
    "score_phenomena",
    "scores_from",
    "shown_perplexity",
]
