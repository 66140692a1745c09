"""From prompts' ids to what a language model writes after them."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Final

from clearhead.decoding import Engine, LengthLimit, Request, Sampling, SearchOptions
from clearhead.decoding.requests import requests_for
from clearhead.errors import UsageError
from clearhead.tasks.language_modelling.results import Generation, as_generation
from clearhead.tasks.language_modelling.windows import prolonged
from clearhead.text import Tokenizer
from clearhead.text.stop_strings import StopStrings, stop_strings

# How a model writes unless somebody says otherwise: a search repeats itself where a language model is small.
SAMPLING: Final = Sampling(temperature=0.8)
MAX_TOKENS: Final = 200
# What stands for an id that ends a text, among strings that do: no character, so that no text has it.
_END: Final = "\U0010ffff"


def stops_of(strings: Sequence[str], tokenizer: Tokenizer, ends: Sequence[int] = ()) -> StopStrings | None:
    """The stop strings as the model would write them; None where there are none.

    ends: ids that end a text as a stop string does, beside the tokenizer's end.

    Raises UsageError for one that the tokenizer has no pieces for: it would never come.
    """
    written = [tokenizer.normalized(text) for text in strings]
    for text, normalized in zip(strings, written, strict=True):
        if "\ufffd" in normalized and "\ufffd" not in text:
            raise UsageError(
                f"the stop string {text[:40]!r} has a character that this model cannot write; leave it out"
            )
    vocabulary = tokenizer.token_bytes
    if ends:
        vocabulary, written = [*vocabulary], [*written, _END]
        for one in ends:
            vocabulary[one] = _END.encode()
    return stop_strings(written, vocabulary)


def continuation_requests(
    prompts: Sequence[Sequence[int]], engine: Engine, options: SearchOptions, max_tokens: int, first: int = 0
) -> list[Request]:
    """One for each prompt's ids, of which there is one or more. first: the number of the first of them among all."""
    return requests_for(
        engine.runtime.sizes, [ids[:-1] for ids in prompts], options, begins=[ids[-1] for ids in prompts],
        numbers=range(first, first + len(prompts)), length_limit=LengthLimit(0.0, max_tokens),
    )  # fmt: skip


def generations(
    prompts: Sequence[Sequence[int]],
    engine: Engine,
    tokenizer: Tokenizer,
    options: SearchOptions,
    max_tokens: int,
    *,
    first: int = 0,
) -> Iterator[list[Generation]]:
    """The best that are found after each prompt, as soon as they are there."""
    requests = continuation_requests(prompts, engine, options, max_tokens, first)
    with contextlib.closing(engine.results(requests)) as results:
        has_room = all(request.max_length == max_tokens for request in requests)
        found = results if has_room else prolonged(prompts, list(results), engine, options, max_tokens, first)
        for texts in found:
            yield [as_generation(one, tokenizer, options) for one in texts]
