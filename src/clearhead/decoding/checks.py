"""What is refused before any of it is computed."""

import itertools
from collections.abc import Sequence

from clearhead.decoding.options import SearchOptions
from clearhead.decoding.shortlist import Shortlist
from clearhead.errors import DecodingError
from clearhead.runtimes.runtime import Sizes

Ids = Sequence[Sequence[int]]


def check_ids(
    what: str, sentences: Ids, numbers: Sequence[int], vocabulary: int, limit: int, at_least: int = 1
) -> None:
    """Raise DecodingError for the first sentence whose ids the model could not read, named by its number."""
    for number, ids in zip((number + 1 for number in numbers), sentences, strict=True):
        if not at_least <= len(ids) <= limit:
            too_long = "give a shorter one" if what == "prefix" else "split it into shorter ones"
            raise DecodingError(
                f"sentence {number}: its {what} has {len(ids)} tokens but the model takes {at_least} to {limit}; "
                + (too_long if len(ids) > limit else "give it at least its end token")
            )
        if ids and not 0 <= min(ids) <= max(ids) < vocabulary:
            raise DecodingError(
                f"sentence {number}: its {what} has ids from {min(ids)} to {max(ids)} but the model knows 0 to "
                f"{vocabulary - 1}; use the tokenizer that the model was trained with"
            )


def check_options(options: SearchOptions, vocabulary: int) -> None:
    """Raise DecodingError if an id that the options name is not in the model's target vocabulary."""
    if options.utf8 is not None and options.utf8.vocabulary != vocabulary:
        raise DecodingError(
            f"utf8 is for a vocabulary of {options.utf8.vocabulary} ids but the model's has {vocabulary}; "
            "use the tokenizer that the model was trained with"
        )
    if options.stop is not None and len(options.stop.vocabulary) != vocabulary:
        raise DecodingError(
            f"stop is for a vocabulary of {len(options.stop.vocabulary)} ids but the model's has {vocabulary}; "
            "use the tokenizer that the model was trained with"
        )
    greatest = max(
        options.begin,
        options.end,
        *options.suppressed,
        *options.ends,
        *itertools.chain.from_iterable(options.rules.bad_words),
    )
    if greatest >= vocabulary:
        raise DecodingError(
            f"begin, end, suppressed or bad_words names id {greatest} but the model's target vocabulary has "
            f"{vocabulary} ids; use the tokenizer that the model was trained with"
        )


def check_shortlist(shortlist: Shortlist | None, sizes: Sizes) -> None:
    """Raise DecodingError if a shortlist was made for other vocabularies than the model's."""
    if shortlist is None:
        return
    known = shortlist.source_vocabulary, shortlist.target_vocabulary
    if known != (sizes.source_vocabulary, sizes.target_vocabulary):
        raise DecodingError(
            f"the shortlist is for vocabularies of {known[0]} and {known[1]} ids but the model has "
            f"{sizes.source_vocabulary} and {sizes.target_vocabulary}; use the one that was made for this model"
        )
