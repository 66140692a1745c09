"""What a language model writes after prompts: tests/bundle/test_generating.py has what comes of it as a whole."""

from collections.abc import Sequence
from typing import Any

import pytest

from clearhead.bundle import Bundle
from clearhead.decoding import Sampling, SearchOptions
from clearhead.errors import DecodingError, UsageError
from clearhead.tasks.language_modelling import prompt_ids
from clearhead.tasks.language_modelling.generating import generations, stops_of
from clearhead.tasks.searching import search_options
from clearhead.text import CharacterTokenizer
from clearhead.text.utf8 import Utf8Automaton

PROMPTS = ["one", "", "two three two three", "three"]


def options(bundle: Bundle, stop: Sequence[str] = (), **settings: Any) -> SearchOptions:
    tokenizer = bundle.source_tokenizer
    utf8 = Utf8Automaton.of(tokenizer.token_bytes)
    beam_size = settings.pop("beam_size", 1)
    return search_options(tokenizer, beam_size, "mean:1.0", utf8=utf8, stop=stops_of(stop, tokenizer), **settings)


def ids_of(bundle: Bundle, prompts: Sequence[str] = PROMPTS) -> list[list[int]]:
    return prompt_ids(prompts, bundle.source_tokenizer, bundle.config.max_length, begins=True)


def test_draws_go_by_the_number_among_all(language_model: Bundle) -> None:
    engine, tokenizer = language_model._serving.engine("fp32"), language_model.source_tokenizer
    asked, prompts = options(language_model, sampling=Sampling(seed=1), top_beams=2), ids_of(language_model)
    together = list(generations(prompts, engine, tokenizer, asked, 20))
    assert [len(one) for one in together] == [2] * 4
    rest = list(generations(prompts[2:], engine, tokenizer, asked, 20, first=2))
    assert [[one.tokens for one in texts] for texts in rest] == [
        [one.tokens for one in texts] for texts in together[2:]
    ]


def test_stop_strings_are_those_that_the_model_writes(language_model: Bundle) -> None:
    """A text in another of Unicode's forms: what is written is in NFC."""
    tokenizer = language_model.source_tokenizer
    assert stops_of([], tokenizer) is None
    found = stops_of(["é"], tokenizer)
    assert found is not None
    assert found.strings == ("é",)
    with pytest.raises(DecodingError, match="a stop string is empty"):
        stops_of([""], tokenizer)


def test_a_stop_string_that_can_never_come_is_refused() -> None:
    """What a tokenizer of characters does not know it reads as U+FFFD, which may be asked for by itself."""
    letters = CharacterTokenizer("a")
    with pytest.raises(UsageError, match="the stop string 'ab' has a character that this model cannot write"):
        stops_of(["a", "ab"], letters)
    assert stops_of(["aa", "\ufffd"], letters) is not None
