"""Old examples among new ones: both corpora as one, in which the old ones are seen so often that they are a share."""

import numpy as np
from numpy.typing import NDArray

from clearhead.data.token_file import TokenFile


def followed_by(new: TokenFile, old: TokenFile, weights: NDArray[np.float64] | None = None) -> TokenFile:
    """The sequences of both, one corpus after the other. weights: how many times each comes in an epoch."""
    learned = None
    if new.learned is not None and old.learned is not None:
        learned = np.concatenate([new.learned, old.learned])
    ids, lengths = np.concatenate([new.ids, old.ids]), np.concatenate([new.lengths, old.lengths])
    return TokenFile(ids, lengths, learned, weights)


def replay_weights(
    new: NDArray[np.float64], old: NDArray[np.float64], tokens: NDArray[np.integer], share: float
) -> NDArray[np.float64]:
    """How many times each example comes in an epoch, so that `share` of its tokens are old ones.

    new, old: how many times each of these comes among its own. tokens: how many each has, new ones first.
    New ones come as often as they did.
    """
    counts = tokens.astype(np.float64)
    ours, theirs = new @ counts[: len(new)], old @ counts[len(new) :]
    return np.concatenate([new, old * (share / (1.0 - share) * ours / theirs)])
