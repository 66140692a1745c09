"""Tokens that a vocabulary gets after it was learned: each is read whole, wherever a text has it."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, final

from clearhead.errors import TokenizerError

_FLAGS = ("special", "single_word", "lstrip", "rstrip")


@final
class WholeTokens:
    """Some tokens, whose ids follow each other from `first` on. Where several begin at one place, the longest is read.

    It is how the library reads the added tokens of a tokenizer.json in a text that is normalised.
    """

    def __init__(self, tokens: Sequence[str], first: int) -> None:
        self.tokens, self.first = tuple(tokens), first
        self.ids = {token: first + place for place, token in enumerate(self.tokens)}
        longest_first = sorted(self.tokens, key=len, reverse=True)
        self._pattern = re.compile(f"({'|'.join(map(re.escape, longest_first))})") if tokens else None

    def split(self, text: str) -> list[str]:
        """The text before a token, the token, the text after it, and so on: an odd number of parts."""
        return [text] if self._pattern is None else self._pattern.split(text)

    def joined(self, parts: Sequence[str], ids: Sequence[Sequence[int]]) -> list[int]:
        """The ids of a text that was split. ids: of the parts that are no tokens."""
        found = list(ids[0])
        for token, after in zip(parts[1::2], ids[1:], strict=True):
            found += [self.ids[token], *after]
        return found


def single_ids(
    texts: Iterable[str], controls: Mapping[str, int], encode: Callable[[str], list[int]], unknown: int | None = None
) -> dict[str, int | None]:
    """The ids of texts that are one token each; None of what is none. controls: what control symbols are called."""
    found = {text: encode(text) for text in texts}
    return {
        text: controls.get(text, ids[0] if len(ids) == 1 and ids[0] != unknown else None) for text, ids in found.items()
    }


def checked_tokens(
    tokens: Sequence[str],
    symbols: Sequence[str],
    normalized: Callable[[str], str],
    known: Callable[[str], int | None],
    names: Collection[str],
) -> list[str]:
    """New tokens of a tokenizer of ours, as it reads text.

    Raises TokenizerError for what cannot be one, and for symbols.
    known: the id of a text that is a token already. names: what a file calls the ids that there are.
    """
    if symbols:
        raise TokenizerError(
            f"{symbols[0]!r:.60} is a special token, as the template of a model that was trained elsewhere has; here "
            "there are none beside control symbols; remove it"
        )
    found = [normalized(token) for token in tokens]
    for token, written in zip(tokens, found, strict=True):
        if not written:
            raise TokenizerError(f"{token!r:.60} is empty once it is read; remove it")
        if found.count(written) > 1 or known(written) is not None:
            raise TokenizerError(f"{token!r:.60} is a token already; remove it")
        if written in names:
            raise TokenizerError(f"{token!r:.60} is what a tokenizer's file calls other bytes; choose a longer token")
    return found


def added_tokens(document: Any, first: int, normalized: Callable[[str], str]) -> list[str]:
    """What a tokenizer.json adds to a vocabulary of `first` ids. Raises ValueError for what is no plain text."""
    added = document["added_tokens"]
    found = [str(one["content"]) for one in added]
    for place, (one, text) in enumerate(zip(added, found, strict=True)):
        is_plain = one["normalized"] and not any(one[name] for name in _FLAGS) and one["id"] == first + place
        if (
            not is_plain
            or not isinstance(one["content"], str)
            or not text
            or normalized(text) != text
            or text in found[:place]
        ):
            raise ValueError(f"it adds {text[:40]!r} to the text otherwise than as a token of its own")
    return found
