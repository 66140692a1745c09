"""Texts that are longer than a model has positions for."""

import dataclasses
import math

import pytest

from clearhead.bundle import Bundle
from clearhead.decoding import Hypothesis, Sampling, SearchOptions
from clearhead.tasks.language_modelling.generating import generations, stops_of
from clearhead.tasks.language_modelling.windows import is_cut_short, joined
from clearhead.tasks.searching import search_options

GREEDY = SearchOptions(begin=1, end=2, beam_size=1)


def test_what_was_cut_short() -> None:
    """Neither what ended, nor what has all that was asked for, nor what a wide beam found."""
    cut = Hypothesis((4, 5), -1.0, -0.5, (-0.5, -0.5), False)
    assert is_cut_short(cut, GREEDY, 3)
    assert is_cut_short(cut, dataclasses.replace(GREEDY, beam_size=4, sampling=Sampling()), 3)
    assert not is_cut_short(cut, GREEDY, 2)
    assert not is_cut_short(dataclasses.replace(cut, finished=True), GREEDY, 3)
    assert not is_cut_short(cut, dataclasses.replace(GREEDY, beam_size=4), 3)


def test_both_parts_are_one_text() -> None:
    """-1 and -2 over three tokens are -1 a token."""
    one, more = Hypothesis((4, 5), -1.0, -0.5, (-0.5, -0.5), False), Hypothesis((2,), -2.0, -2.0, (-2.0,), True)
    found = joined(one, more, GREEDY)
    assert found == Hypothesis((4, 5, 2), -3.0, -1.0, (-0.5, -0.5, -2.0), True)


@pytest.mark.parametrize("prompt", ["", "one two", "z" * 63])
def test_it_goes_on_from_the_last_half(language_model: Bundle, prompt: str) -> None:
    """Of 64 positions the last 32 tokens are read anew: each window is what the model writes after those alone."""
    engine, tokenizer = language_model._serving.engine("fp32"), language_model.source_tokenizer
    utf8 = language_model._utf8
    asked = search_options(tokenizer, 1, "mean:1.0", utf8=utf8)
    ids = language_model.encode(prompt)
    [[found]] = generations([ids], engine, tokenizer, asked, 150)
    written: list[int] = []
    window = ids
    while len(written) < 150 and tokenizer.end not in written:
        room = min(64 - len(window) + 1, 150 - len(written))
        [[one]] = generations([window], engine, tokenizer, asked, room)
        written += one.tokens
        window = [*ids, *written][-32:]
    assert list(found.tokens) == written
    assert found.log_probability == pytest.approx(math.fsum(found.token_log_probabilities))


def test_a_stop_string_may_begin_before_the_last_half_is_read_anew(language_model: Bundle) -> None:
    engine, tokenizer = language_model._serving.engine("fp32"), language_model.source_tokenizer
    asked = search_options(tokenizer, 1, "mean:1.0", utf8=language_model._utf8)
    ids = language_model.encode("one two")
    first = 64 - len(ids) + 1
    [[whole]] = generations([ids], engine, tokenizer, asked, 100)
    before, after = (tokenizer.decode(whole.tokens[part]) for part in (slice(first), slice(first, None)))
    stop = before[-3:] + after[:2]
    assert whole.text.index(stop) == len(before) - 3
    stopping = dataclasses.replace(asked, stop=stops_of([stop], tokenizer))
    [[found]] = generations([ids], engine, tokenizer, stopping, 100)
    assert (found.text, found.ended) == (before[:-3], "stop")


def test_draws_go_on_with_numbers_of_their_own(language_model: Bundle) -> None:
    """With the first window's numbers the second would draw alike; and nothing depends on what is drawn beside."""
    engine, tokenizer = language_model._serving.engine("fp32"), language_model.source_tokenizer
    asked = search_options(
        tokenizer, 1, "mean:1.0", utf8=language_model._utf8, sampling=Sampling(temperature=1e6, seed=1), top_beams=2
    )
    prompts = [language_model.encode(text) for text in ("one", "two two", "three")]
    together = list(generations(prompts, engine, tokenizer, asked, 100))
    for number, prompt in enumerate(prompts):
        [alone] = generations([prompt], engine, tokenizer, asked, 100, first=number)
        assert [one.tokens for one in alone] == [one.tokens for one in together[number]]
    for texts in together:
        for one in texts:
            windows = [one.tokens[:20], one.tokens[-20:]]
            assert windows[0] != windows[1]
