"""A model's lexical shortlist, learned from a corpus."""

from pathlib import Path

import numpy as np

from clearhead.bundle.bundle import Bundle
from clearhead.data import Filters, ParallelFiles, learn_lexicon, prepare
from clearhead.decoding import Shortlist
from clearhead.decoding.options import SHORTLIST_BEST, SHORTLIST_FREQUENT


def learn_shortlist(
    bundle: Bundle,
    source: Path,
    target: Path,
    to: str | None = None,
    *,
    best: int = SHORTLIST_BEST,
    frequent: int = SHORTLIST_FREQUENT,
) -> Shortlist:
    """Which target pieces may translate each source piece, learned from two files with one line for each other.

    `to` names the language of `target` where the model knows several. Of each source piece the `best` most probable
    translations by IBM's model 1 are kept and, where both sides share a vocabulary, the piece itself, as in a name.
    Every sentence may have the `frequent` most frequent pieces of `target` as well, the end symbol, and the 256 single
    bytes, in which anything can be written.

    Raises DataError where a file cannot be used, UsageError for a language that the model does not know.
    """
    bundle.tag(to)
    # These files need not name their languages.
    filters = Filters(**{**bundle.recipe.data.filters.model_dump(), "scripts": False})
    tags = bool(bundle.languages)
    source_tokenizer, target_tokenizer = bundle.source_tokenizer, bundle.target_tokenizer
    direction = ParallelFiles(source, target, to_language=to)
    corpus = prepare([direction], source_tokenizer, target_tokenizer, filters, tags)
    lexicon = learn_lexicon(corpus.source, corpus.target, source_tokenizer.size, target_tokenizer.size)
    offsets, targets = lexicon.best(best)
    keys = np.repeat(np.arange(source_tokenizer.size), np.diff(offsets)) * target_tokenizer.size + targets
    if source_tokenizer is target_tokenizer:
        keys = np.union1d(keys, np.arange(source_tokenizer.size) * (source_tokenizer.size + 1))
    pieces, targets = np.divmod(keys, target_tokenizer.size)
    counts = np.bincount(corpus.target.ids, minlength=target_tokenizer.size)
    often = np.argsort(-counts, kind="stable")[:frequent]
    always = np.union1d(often[counts[often] > 0], [target_tokenizer.end, *target_tokenizer.byte_ids])
    return Shortlist(
        np.searchsorted(pieces, np.arange(source_tokenizer.size + 1)),
        targets.astype(np.int32),
        always.astype(np.int32),
        target_tokenizer.size,
        to if tags else None,
    )
