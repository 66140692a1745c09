"""The embedded corpus: a synchronous grammar of English, French and Korean that shows why attention matters.

A tree is drawn, and each language reads its own sentence off it. Phenomena: plain sentences, agreement at a distance,
coreference, word sense, and long sentences, each with a test set in which no pair of words that decides the translation
was met in training. In every direction a source has one right translation, so that exact match is a fair score.
"""

from clearhead.street.baselines import Baselines, score_baselines
from clearhead.street.cache import cached, cached_baselines, grammar_key
from clearhead.street.corpus import Corpus, generate
from clearhead.street.examples import DIRECTIONS, PHENOMENA, Example
from clearhead.street.files import PhenomenonTest, file_names, read_tests, write

__all__ = [
    "DIRECTIONS",
    "PHENOMENA",
    "Baselines",
    "Corpus",
    "Example",
    "PhenomenonTest",
    "cached",
    "cached_baselines",
    "file_names",
    "generate",
    "grammar_key",
    "read_tests",
    "score_baselines",
    "write",
]
