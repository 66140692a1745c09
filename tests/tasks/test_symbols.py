"""A trained model whose pieces lack a task's control symbols is refused, with what to begin with instead."""

import pytest

from clearhead.errors import RecipeError
from clearhead.tasks.symbols import require_symbols
from clearhead.text import BytePairTokenizer


def test_what_is_missing_is_named() -> None:
    tokenizer = BytePairTokenizer.learn(["one two"], 300, symbols=("mask",))
    require_symbols(tokenizer, ("mask",), "a place is masked", "masked-language-modelling")
    with pytest.raises(RecipeError) as caught:
        require_symbols(tokenizer, ("user", "mask", "assistant"), "a conversation tells who speaks", "chat")
    assert str(caught.value) == (
        "model.from has pieces without the control symbols assistant, user, by which a conversation tells who speaks; "
        "begin with a model that was trained for chat, or leave model.from out"
    )
