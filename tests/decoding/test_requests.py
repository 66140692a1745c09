"""What a decoder-only model goes on with: requests, and the batches that they make."""

import dataclasses
import itertools
import random
from typing import Any

import pytest

from clearhead.decoding import Engine, LengthLimit, Sampling, SearchOptions
from clearhead.decoding.phrases import Phrase
from clearhead.decoding.requests import requests_for
from clearhead.errors import DecodingError

PADDING, BEGIN, END = 0, 1, 2
OPTIONS = SearchOptions(begin=BEGIN, end=END, suppressed=(PADDING, BEGIN), beam_size=4, top_beams=3)
GREEDY = dataclasses.replace(OPTIONS, beam_size=1, top_beams=1)
SAMPLE = dataclasses.replace(OPTIONS, sampling=Sampling(seed=5, top_k=9))


def tokens_of(found: Any) -> list[list[tuple[int, ...]]]:
    return [[hypothesis.tokens for hypothesis in hypotheses] for hypotheses in found]


def continuing(tokens: tuple[int, ...]) -> list[float]:
    """A language model: some probabilities of 9 tokens for whatever came before, the end's growing with it."""
    draw = random.Random(f"continuing {tokens}")
    weights = [0.0, 0.0, 0.05 * len(tokens), *(draw.random() ** 3 + 1e-3 for _ in range(6))]
    return [weight / sum(weights) for weight in weights]


def gone_on_with(prompt: list[int], new_tokens: int) -> tuple[int, ...]:
    """Greedily, by a plain loop."""
    found: list[int] = []
    while len(found) < new_tokens and END not in found:
        probabilities = continuing((*prompt, *found))
        found.append(max(range(len(probabilities)), key=probabilities.__getitem__))
    return tuple(found)


ONES = [[BEGIN], [BEGIN] * 7, [BEGIN] * 8, [BEGIN] * 12]
PROMPTS = [*ONES, [5, 3, 4], [7], [3] * 9, [8, 8], [4, 5, 6, 7, 8, 3, 4], [6] * 12, [5, 3, 4, 4]]


def continued(runtime: Any, prompts: list[list[int]], options: SearchOptions, **settings: Any) -> Any:
    new_tokens, engine = settings.pop("new_tokens", 6), Engine(runtime, **settings)
    numbers = [PROMPTS.index(prompt) for prompt in prompts]
    requests = requests_for(
        runtime.sizes, [prompt[:-1] for prompt in prompts], options, numbers=numbers,
        length_limit=LengthLimit(0.0, new_tokens), begins=[prompt[-1] for prompt in prompts],
    )  # fmt: skip
    return list(engine.results(requests))


def test_a_decoder_only_model_goes_on_with_its_source(prompt_runtime: Any) -> None:
    """An empty source too: it is fed the first token alone. What is not ended has all the tokens asked for."""
    found = continued(prompt_runtime(continuing, 20), PROMPTS, dataclasses.replace(GREEDY, suppressed=()))
    assert [hypothesis.tokens for [hypothesis] in found] == [gone_on_with(prompt, 6) for prompt in PROMPTS]
    assert {hypothesis.finished for [hypothesis] in found} == {True, False}


def test_source_and_target_fit_into_the_positions_that_they_share(prompt_runtime: Any) -> None:
    """Of 12 positions a source of 11 leaves one. (The runtime refuses a batch with more.)"""
    found = continued(prompt_runtime(lambda tokens: [0, 0, 0, 0.5, 0.5], 12), ONES, GREEDY, new_tokens=6)
    assert [len(hypothesis.tokens) for [hypothesis] in found] == [6, 6, 5, 1]


@pytest.mark.parametrize("options", [OPTIONS, GREEDY, SAMPLE], ids=["beam", "greedy", "sample"])
def test_a_continuation_is_the_same_whatever_is_in_the_batch(prompt_runtime: Any, options: SearchOptions) -> None:
    runtime = prompt_runtime(continuing, 20)
    expected = tokens_of(continued(runtime, PROMPTS, options, batch_tokens=1))
    assert max(count for count, _, _ in runtime.begun) == (3 if options is SAMPLE else 1)
    for batch_tokens in (40, 100_000):
        assert tokens_of(continued(runtime, PROMPTS, options, batch_tokens=batch_tokens)) == expected
    backwards = continued(runtime, PROMPTS[::-1], options)
    assert tokens_of(backwards[::-1]) == expected


def test_what_a_decoder_only_model_cannot_go_on_with(prompt_runtime: Any) -> None:
    sizes = prompt_runtime(continuing, 12).sizes
    with pytest.raises(DecodingError, match="sentence 1: its source has 12 tokens but the model takes 0 to 11"):
        requests_for(sizes, [[3] * 12], GREEDY)
    with pytest.raises(DecodingError, match="sentence 1: its first token has ids from 9 to 9"):
        requests_for(sizes, [[]], GREEDY, begins=[9])


def test_phrases_have_room_and_a_beam_of_their_own(prompt_runtime: Any) -> None:
    """Two phrases of 2 and 1 tokens: 3 tokens and 3 hypotheses more. The sentence without any is as it was."""
    wanted = [(Phrase((3, 4), (3, 4)), Phrase((5,), (6,))), ()]
    runtime = prompt_runtime(continuing, 40)
    first, second = requests_for(runtime.sizes, [[3], [3]], OPTIONS, length_limit=LengthLimit(0.0, 6), phrases=wanted)
    assert (first.max_length, first.rows, first.options.beam_size) == (9, 7, 7)
    assert (second.max_length, second.rows, second.options) == (6, 4, OPTIONS)
    assert not first.goes_with(second)
    assert not second.goes_with(first)
    found = list(Engine(runtime).results([first, second]))
    text = found[0][0].tokens
    assert (3, 4) in list(itertools.pairwise(text))
    assert text[0] == 5 or 6 in text
    [plain] = Engine(runtime).results(requests_for(runtime.sizes, [[3]], OPTIONS, length_limit=LengthLimit(0.0, 6)))
    assert found[1] == plain


@pytest.mark.parametrize(
    ("tokens", "options", "message"),
    [
        ((3,) * 9, OPTIONS, "sentence 5: its phrases have 9 tokens, and with its prefix and an end the model writes 9"),
        ((3, 4), SAMPLE, "sentence 5: what is drawn at random cannot be told what to hold"),
        ((3, 99), OPTIONS, "sentence 5: its phrase has ids from 3 to 99"),
        ((3, 4), dataclasses.replace(OPTIONS, beam_size=1023), "sentence 5: its phrases have 2 tokens, more than"),
    ],
)
def test_phrases_that_cannot_be_written_are_refused(
    prompt_runtime: Any, tokens: tuple[int, ...], options: SearchOptions, message: str
) -> None:
    sizes = prompt_runtime(continuing, 10).sizes
    with pytest.raises(DecodingError, match=message):
        requests_for(sizes, [[3]], options, numbers=[4], phrases=[[Phrase(tokens, tokens)]])
