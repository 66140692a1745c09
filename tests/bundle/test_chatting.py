"""What a bundle can do that was trained for chat."""

import dataclasses
from pathlib import Path
from typing import Any, cast

import pytest

from clearhead import Bundle, Message, Sampling
from clearhead.bundle import load
from clearhead.errors import UsageError

TALK = [Message("user", "one two"), Message("assistant", "three"), Message("user", "two")]
ASKED = ["one", TALK, "three two one", [Message("user", "")]]


def test_answers_do_not_depend_on_who_else_is_asked(chat_model: Bundle) -> None:
    for how in ({"beam_size": 1}, {"beam_size": 3}, {"sampling": Sampling(seed=4)}):
        together = chat_model.answers(ASKED, max_tokens=20, **cast(Any, how))
        for number, one in enumerate(ASKED):
            assert chat_model.answers([one], first=number, max_tokens=20, **cast(Any, how)) == [together[number]]
        assert chat_model.chat(ASKED[0], max_tokens=20, **cast(Any, how)) == together[0][0].text


def test_pieces_together_are_the_answer(chat_model: Bundle) -> None:
    for asked in ASKED:
        for how in ({"beam_size": 1}, {"sampling": Sampling(seed=2)}, {"beam_size": 1, "stop": ["e"]}):
            pieces = list(chat_model.chat_stream(asked, max_tokens=90, **cast(Any, how)))
            assert "".join(pieces) == chat_model.chat(asked, max_tokens=90, **cast(Any, how))


def test_what_a_symbol_is_never_written(chat_model: Bundle) -> None:
    [found] = chat_model.answers(["one"], n=20, max_tokens=30, sampling=Sampling(temperature=3.0))
    tokenizer = chat_model.source_tokenizer
    symbols = {tokenizer.padding, tokenizer.begin, *map(tokenizer.symbol, ("user", "assistant"))}
    assert not symbols & {token for one in found for token in one.tokens}


def test_a_long_conversation_loses_its_oldest_messages(chat_model: Bundle) -> None:
    long = [Message("user", "one " * 10), Message("assistant", "two " * 10), *TALK]
    count = chat_model.left_out(long, max_tokens=8)
    assert count == 2
    assert chat_model.chat(long, max_tokens=8, beam_size=1) == chat_model.chat(long[2:], max_tokens=8, beam_size=1)
    assert chat_model.left_out(TALK) == 0
    with pytest.raises(UsageError, match="the last message of conversation 1 has"):
        chat_model.chat("one " * 200)


def test_it_is_given_as_many_messages_as_its_recipe_says(chat_model: Bundle, tmp_path: Path) -> None:
    settings = dataclasses.replace(chat_model.settings, messages=1)
    tokenizer = chat_model.source_tokenizer
    single = Bundle(chat_model.model, tokenizer, tokenizer, chat_model.recipe, settings=settings)
    assert single.left_out(TALK) == 2
    assert single.chat(TALK, beam_size=1) == chat_model.chat("two", beam_size=1)
    single.save(tmp_path / "single")
    assert load(tmp_path / "single").settings == settings


def test_what_is_learned_of_a_row_can_be_read(chat_model: Bundle) -> None:
    shown = chat_model.joined(["two", "three"])
    assert shown.startswith("⟨begin⟩⟨user⟩")
    learned = shown[shown.index("[") + 1 : shown.index("]")]
    assert (learned, shown.endswith("]")) == ("three⟨end⟩", True)


def test_a_text_is_encoded_as_a_message(chat_model: Bundle) -> None:
    tokenizer = chat_model.source_tokenizer
    user, assistant = tokenizer.symbol("user"), tokenizer.symbol("assistant")
    assert chat_model.encode("two") == [tokenizer.begin, user, *tokenizer.encode("two"), tokenizer.end, assistant]
    assert all(one.agrees for one in chat_model.trace("two", max_tokens=3).check())


@pytest.mark.usefixtures("signatures_unchecked")
@pytest.mark.parametrize("given", ["one", 3, None])
def test_what_are_no_conversations(chat_model: Bundle, given: object) -> None:
    with pytest.raises(UsageError, match="conversations are no list"):
        chat_model.answers(cast(Any, given))
