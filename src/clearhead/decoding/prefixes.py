"""Prefixes: tokens that hypotheses must begin with."""

from collections.abc import Sequence

from clearhead.decoding.options import SearchOptions
from clearhead.errors import DecodingError
from clearhead.text.utf8 import DUE, REFUSED, Utf8Automaton

Prefixes = Sequence[Sequence[int]]


def checked_prefixes(max_lengths: Sequence[int], options: SearchOptions, prefixes: Prefixes | None) -> Prefixes:
    """The prefixes, empty ones where none are given; DecodingError if one of them or a limit cannot be met."""
    prefixes = [()] * len(max_lengths) if prefixes is None else prefixes
    if len(prefixes) != len(max_lengths):
        raise DecodingError(f"{len(prefixes)} prefixes for {len(max_lengths)} sentences; give one for each, or none")
    for number, (limit, prefix) in enumerate(zip(max_lengths, prefixes, strict=True), start=1):
        if limit < 1:
            raise DecodingError(
                f"sentence {number}: a greatest length of {limit} tokens leaves no room; allow 1 or more"
            )
        if len(prefix) > limit:
            raise DecodingError(
                f"sentence {number}: its prefix has {len(prefix)} tokens but at most {limit} are allowed; shorten it"
            )
        if options.end in prefix:
            raise DecodingError(f"sentence {number}: its prefix contains the end token {options.end}; remove it")
        if prefix and options.stop is not None and options.stop.hold(prefix):
            raise DecodingError(f"sentence {number}: its prefix holds a stop string; leave that out, or shorten it")
        if prefix and options.utf8 is not None:
            _require_whole_characters(number, prefix, limit, options.utf8)
    return prefixes


def _require_whole_characters(number: int, prefix: Sequence[int], limit: int, utf8: Utf8Automaton) -> None:
    """Raise DecodingError for a prefix that no text begins with, or whose last character there is no room to end."""
    if min(prefix) < 0 or max(prefix) >= utf8.vocabulary:
        raise DecodingError(
            f"sentence {number}: its prefix has ids from {min(prefix)} to {max(prefix)} but the tokenizer knows 0 to "
            f"{utf8.vocabulary - 1}; use the tokenizer that the model was trained with"
        )
    state = utf8.after(prefix)
    if state == REFUSED:
        raise DecodingError(f"sentence {number}: its prefix is not UTF-8; give the ids of a text")
    if DUE[state] > limit - len(prefix):
        raise DecodingError(
            f"sentence {number}: its prefix ends inside a character, and {limit} tokens have no room for the rest; "
            "give the ids of whole characters"
        )
