"""Texts that are longer than a model has positions for: it goes on from the last half of what it has read."""

import dataclasses
import itertools
from collections.abc import Sequence

from clearhead.decoding import Engine, Hypothesis, LengthLimit, Request, SearchOptions
from clearhead.decoding.hypothesis import best_first
from clearhead.decoding.requests import requests_for
from clearhead.runtimes.runtime import Sizes


def is_cut_short(found: Hypothesis, options: SearchOptions, max_tokens: int) -> bool:
    """Whether a text ended as the model's positions ran out; a beam wider than 1 goes no further."""
    goes_on = options.sampling is not None or options.beam_size == 1
    return goes_on and not found.finished and len(found.tokens) < max_tokens


def later_request(
    sizes: Sizes,
    prompt: Sequence[int],
    found: Hypothesis,
    options: SearchOptions,
    max_tokens: int,
    number: tuple[int, ...],
) -> Request:
    """What goes on from the last half of the positions; draws are those of the numbers."""
    window = [*prompt, *found.tokens][-max(1, sizes.max_length // 2) :]
    least = max(0, options.rules.min_tokens - len(found.tokens))
    rules = dataclasses.replace(options.rules, min_tokens=least)
    [request] = requests_for(
        sizes, [window[:-1]], dataclasses.replace(options, top_beams=1, rules=rules), begins=window[-1:],
        length_limit=LengthLimit(0.0, max_tokens - len(found.tokens)),
    )  # fmt: skip
    return dataclasses.replace(request, number=number, written=found.tokens)


def joined(found: Hypothesis, more: Hypothesis, options: SearchOptions) -> Hypothesis:
    """A text and what came after it as one."""
    tokens, total = (*found.tokens, *more.tokens), found.log_probability + more.log_probability
    each = (*found.token_log_probabilities, *more.token_log_probabilities)
    return Hypothesis(tokens, total, options.length_penalty.score(total, len(tokens)), each, more.finished)


def prolonged(
    prompts: Sequence[Sequence[int]],
    found: Sequence[Sequence[Hypothesis]],
    engine: Engine,
    options: SearchOptions,
    max_tokens: int,
    first: int = 0,
) -> list[list[Hypothesis]]:
    """The texts of each prompt, those that were cut short with what comes next. first: the first prompt's number."""
    texts = [list(one) for one in found]
    for window in itertools.count(1):
        places = [
            (prompt, text)
            for prompt, some in enumerate(texts)
            for text, one in enumerate(some)
            if is_cut_short(one, options, max_tokens)
        ]
        if not places:
            break
        requests = [
            later_request(
                engine.runtime.sizes, prompts[prompt], texts[prompt][text], options, max_tokens,
                (first + prompt, text, window),
            )
            for prompt, text in places
        ]  # fmt: skip
        for (prompt, text), [more] in zip(places, list(engine.results(requests)), strict=True):
            texts[prompt][text] = joined(texts[prompt][text], more, options)
    return [best_first(some) for some in texts]
