"""Hypotheses of a language model as text."""

import math

import pytest

from clearhead.bundle import Bundle
from clearhead.decoding import Hypothesis, SearchOptions
from clearhead.tasks.language_modelling import as_generation
from clearhead.text.stop_strings import StopStrings


def test_why_a_text_ended(language_model: Bundle) -> None:
    tokenizer = language_model.source_tokenizer
    plain = SearchOptions(begin=tokenizer.begin, end=tokenizer.end)
    stopping = SearchOptions(
        begin=tokenizer.begin, end=tokenizer.end, stop=StopStrings((" t",), tuple(tokenizer.token_bytes))
    )
    ids = tuple(tokenizer.encode("one two"))

    def hypothesis(tokens: tuple[int, ...], finished: bool) -> Hypothesis:
        return Hypothesis(tokens, -2.0, -1.0, (-2.0 / len(tokens),) * len(tokens), finished)

    ended = as_generation(hypothesis((*ids, tokenizer.end), True), tokenizer, plain)
    assert (ended.text, ended.ended, ended.tokens) == ("one two", "end", (*ids, tokenizer.end))
    assert (ended.log_probability, ended.score) == (-2.0, -1.0)
    assert ended.confidence == pytest.approx(math.exp(-2.0 / len(ended.tokens)))
    assert as_generation(hypothesis(ids, False), tokenizer, plain).ended == "length"
    stopped = as_generation(hypothesis(ids, True), tokenizer, stopping)
    assert (stopped.text, stopped.ended) == ("one", "stop")
