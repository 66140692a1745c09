"""What tasks with masked places have in common: what is masked when."""

import numpy as np

from clearhead.data import Masking, PreparedText
from clearhead.data.masking import JUDGING, epoch_key
from clearhead.errors import DataError
from clearhead.recipe import MaskingSettings
from clearhead.tasks.whole_texts import MASK
from clearhead.text import Tokenizer


def masking_of_epoch(settings: MaskingSettings, tokenizer: Tokenizer, seed: int, epoch: int) -> Masking:
    """What is masked in an epoch of training."""
    return _masking(settings, tokenizer, epoch_key(seed, epoch))


def masking_to_judge(settings: MaskingSettings, tokenizer: Tokenizer) -> Masking:
    """What is masked in each validation: always the same."""
    return _masking(settings, tokenizer, JUDGING)


def _masking(settings: MaskingSettings, tokenizer: Tokenizer, key: np.uint64) -> Masking:
    """Control symbols, and the one for characters without pieces, are neither masked nor drawn."""
    pieces = [id for id, piece in enumerate(tokenizer.token_bytes) if piece is not None and id != tokenizer.unknown]
    return Masking(
        settings.share, settings.replaced, settings.random, tokenizer.symbol(MASK), np.array(pieces, np.int64), key
    )


def require_something_masked(corpus: PreparedText, masking: Masking) -> None:
    """Raise DataError where nothing of a validation is masked, so that nothing of it is predicted."""
    ids = corpus.ids[: 1 << 20]
    # The first id of a text has no place before it at which it could be predicted.
    if not masking.read(ids, np.arange(len(ids)))[1][2:].any():
        raise DataError(
            f"the validation text has {corpus.tokens:,} tokens, none of which is masked at "
            f"training.masking.share={masking.share:g}; give more text in data.validate, or raise the share"
        )
