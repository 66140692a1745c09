"""The text after one prompt, piece by piece as it is written."""

from collections.abc import Sequence
from typing import Any

import pytest

from clearhead.bundle import Bundle
from clearhead.decoding import Sampling, SearchOptions
from clearhead.errors import DecodingError
from clearhead.tasks.language_modelling import prompt_ids
from clearhead.tasks.language_modelling.generating import generations, stops_of
from clearhead.tasks.language_modelling.streaming import generated_pieces
from clearhead.tasks.searching import search_options
from clearhead.text.utf8 import Utf8Automaton

PROMPTS = ["one", "", "two three two three", "three"]


def options(bundle: Bundle, stop: Sequence[str] = (), **settings: Any) -> SearchOptions:
    tokenizer = bundle.source_tokenizer
    utf8 = Utf8Automaton.of(tokenizer.token_bytes)
    beam_size = settings.pop("beam_size", 1)
    return search_options(tokenizer, beam_size, "mean:1.0", utf8=utf8, stop=stops_of(stop, tokenizer), **settings)


def ids_of(bundle: Bundle, prompts: Sequence[str] = PROMPTS) -> list[list[int]]:
    return prompt_ids(prompts, bundle.source_tokenizer, bundle.config.max_length, begins=True)


@pytest.mark.parametrize(
    "how",
    [{}, {"sampling": Sampling(seed=3)}, {"sampling": Sampling(seed=3), "stop": ["e", "\n"]}, {"stop": ["one"]}],
    ids=["greedy", "drawn", "stopped", "greedy-stopped"],
)
@pytest.mark.parametrize("tokens", [30, 150])
def test_pieces_together_are_the_text(language_model: Bundle, how: dict[str, Any], tokens: int) -> None:
    """Within the model's 64 positions, and beyond."""
    engine, tokenizer = language_model._serving.engine("fp32"), language_model.source_tokenizer
    asked, prompts = options(language_model, **how), ids_of(language_model)
    for prompt in prompts:
        [[whole]] = generations([prompt], engine, tokenizer, asked, tokens)
        pieces = list(generated_pieces(prompt, engine, tokenizer, asked, tokens))
        assert "".join(pieces) == whole.text
        assert len(pieces) > 1 or len(whole.text) < 10


def test_whoever_closes_the_pieces_stops_the_model(language_model: Bundle) -> None:
    engine, tokenizer = language_model._serving.engine("fp32"), language_model.source_tokenizer
    pieces = generated_pieces(ids_of(language_model)[0], engine, tokenizer, options(language_model), 60)
    assert next(pieces)
    pieces.close()
    assert not engine._waiting
    assert not engine._computed


def test_what_goes_wrong_is_said_to_whoever_waits_for_pieces(language_model: Bundle, monkeypatch: Any) -> None:
    engine, tokenizer = language_model._serving.engine("fp32"), language_model.source_tokenizer

    def refuse(*_: Any, **__: Any) -> None:
        raise DecodingError("refused")

    monkeypatch.setattr(engine.runtime, "begin", refuse)
    with pytest.raises(DecodingError, match="refused"):
        list(generated_pieces(ids_of(language_model)[0], engine, tokenizer, options(language_model), 5))
