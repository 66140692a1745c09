"""From prompts to the ids that a language model goes on from."""

from collections.abc import Sequence

from clearhead.errors import UsageError
from clearhead.text import Tokenizer


def prompt_ids(
    prompts: Sequence[str], tokenizer: Tokenizer, longest: int, *, begins: bool, first: int = 0
) -> list[list[int]]:
    """The ids of each prompt: its pieces, and begin before them where `begins`, or where there are none.

    longest: how many ids the model reads at most. begins: whether a prompt is the beginning of a document.
    first: the number, from 0, of the first prompt among all; errors count from 1.
    Raises UsageError for a prompt that is too long: what was left out, its beginning or its end, would be missed.
    """
    found = [
        [tokenizer.begin, *ids] if begins or not ids else ids for ids in tokenizer.encode_many(prompts, longest + 1)
    ]
    for number, ids in enumerate(found, start=first + 1):
        if len(ids) > longest:
            count = len(tokenizer.encode(prompts[number - first - 1])) + begins
            raise UsageError(
                f"prompt {number} has {count:,} tokens but the model reads {longest:,} at most; shorten it, as by "
                "leaving out its beginning"
            )
    return found
