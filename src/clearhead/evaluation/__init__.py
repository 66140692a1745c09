"""How good translations are: BLEU, chrF, exact matches, perplexity, and whether a difference is more than chance."""

from clearhead.evaluation.metrics import Quality, measure
from clearhead.evaluation.perplexity import perplexity_of, shown_perplexity
from clearhead.evaluation.significance import compare

__all__ = ["Quality", "compare", "measure", "perplexity_of", "shown_perplexity"]
