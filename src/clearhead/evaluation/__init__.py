"""How good a model is: BLEU, chrF, TER, perplexity, accuracy and F1, and whether a difference is more than chance."""

from clearhead.evaluation.classes import ClassScores, count_classes
from clearhead.evaluation.comparing import Change, Comparison, compare
from clearhead.evaluation.lengths import LengthGroup, by_length
from clearhead.evaluation.masked import MaskedScores
from clearhead.evaluation.metrics import Quality, measure
from clearhead.evaluation.perplexity import TextScores, perplexity_of, shown_perplexity
from clearhead.evaluation.phenomena import PhenomenonScore, score_phenomena
from clearhead.evaluation.scores import Scores, plain_scores, scores_from
from clearhead.evaluation.significance import Difference, differences
from clearhead.evaluation.two_way import TwoWayScores

__all__ = [
    "Change",
    "ClassScores",
    "Comparison",
    "Difference",
    "LengthGroup",
    "MaskedScores",
    "PhenomenonScore",
    "Quality",
    "Scores",
    "TextScores",
    "TwoWayScores",
    "by_length",
    "compare",
    "count_classes",
    "differences",
    "measure",
    "perplexity_of",
    "plain_scores",
    "score_phenomena",
    "scores_from",
    "shown_perplexity",
]
