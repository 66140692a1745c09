"""From prompts to the ids that a language model goes on from."""

import pytest

from clearhead.bundle import Bundle
from clearhead.errors import UsageError
from clearhead.tasks.language_modelling import prompt_ids


def test_begin_stands_before_a_prompt_that_begins_a_document(language_model: Bundle) -> None:
    tokenizer = language_model.source_tokenizer
    one = tokenizer.encode("one")
    assert prompt_ids(["one", ""], tokenizer, 9, begins=True) == [[tokenizer.begin, *one], [tokenizer.begin]]
    assert prompt_ids(["one", ""], tokenizer, 9, begins=False) == [one, [tokenizer.begin]]


def test_too_long_a_prompt_is_refused_with_its_length(language_model: Bundle) -> None:
    """Of 9 ids begin is one; the third of all prompts has 300."""
    tokenizer = language_model.source_tokenizer
    assert len(prompt_ids(["z" * 8], tokenizer, 9, begins=True)[0]) == 9
    with pytest.raises(UsageError, match="prompt 3 has 301 tokens but the model reads 9 at most; shorten it") as error:
        prompt_ids(["one", "z" * 300], tokenizer, 9, begins=True, first=1)
    assert "\n" not in str(error.value)
    with pytest.raises(UsageError, match="prompt 1 has 10 tokens"):
        prompt_ids(["z" * 10], tokenizer, 9, begins=False)
