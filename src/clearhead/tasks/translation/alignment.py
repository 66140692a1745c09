"""Which word of a translation stands for which word of its source: `0-0 1-2`, as other toolkits write it."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

Links = tuple[tuple[int, int], ...]
# For each token the numbers of the words that it is a part of.
Words = Sequence[Sequence[int]]


def words_of(tokens: Sequence[int], token_bytes: Sequence[bytes | None]) -> Words:
    """The words, counted from 0 and separated by white space, that each token is a part of.

    A control symbol and a token of nothing but spaces are parts of none; one that spans a space is of two.
    token_bytes: `Tokenizer.token_bytes`.
    """
    pieces = [token_bytes[token] or b"" for token in tokens]
    # A byte that is no character stands for itself, so that all bytes are counted.
    of_bytes: list[int | None] = []
    word, is_inside = -1, False
    for character in b"".join(pieces).decode("utf-8", "surrogateescape"):
        word += not is_inside and not character.isspace()
        is_inside = not character.isspace()
        of_bytes += [word if is_inside else None] * len(character.encode("utf-8", "surrogateescape"))
    ends = np.cumsum([len(piece) for piece in pieces]).tolist()
    within = [of_bytes[end - len(piece) : end] for piece, end in zip(pieces, ends, strict=True)]
    return [tuple(dict.fromkeys(one for one in each if one is not None)) for each in within]


def links(weights: Float[np.ndarray, "target source"], target_words: Words, source_words: Words) -> Links:
    """For each word of the target the word of the source that its tokens attended to most: (source, target), sorted.

    A word's weight is the sum over its source tokens, and the mean over its target tokens. What goes to control symbols
    counts for none.
    """
    by_word = _shares(target_words).T @ weights.astype(np.float64) @ _shares(source_words)
    if not by_word.size:
        return ()
    return tuple(sorted(zip(by_word.argmax(1).tolist(), range(len(by_word)), strict=True)))


def written(found: Links) -> str:
    """As text: `0-0 1-2`."""
    return " ".join(f"{source}-{target}" for source, target in found)


def _shares(words: Words) -> Float[np.ndarray, "tokens words"]:
    """1 where a token is a part of a word; shared out where it is of several."""
    count = max((one for each in words for one in each), default=-1) + 1
    shares = np.zeros((len(words), count))
    for token, each in enumerate(words):
        shares[token, list(each)] = 1 / max(1, len(each))
    return shares
