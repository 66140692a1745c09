"""Which messages of a conversation a model is given."""

import random
from typing import Any, cast

import pytest

from clearhead.errors import UsageError
from clearhead.tasks.chat.histories import checked, fitted
from clearhead.tasks.chat.turns import ROLES, Message, asked
from clearhead.text import CharacterTokenizer

TOKENIZER = CharacterTokenizer("ab", symbols=ROLES)


def talk(*lengths: int) -> list[Message]:
    """Messages of so many characters, in turn; the last is the user's."""
    roles = [ROLES[(len(lengths) - 1 - place) % 2] for place in range(len(lengths))]
    return [Message(role, "a" * length) for role, length in zip(roles, lengths, strict=True)]


def test_all_that_has_room() -> None:
    """Begin, three messages of symbol, character and end, and the assistant's symbol: 11 places."""
    messages = talk(1, 1, 1)
    assert len(fitted(messages, TOKENIZER, 22, 11).ids) == 11
    assert fitted(messages, TOKENIZER, 22, 11).left_out == 0
    # An answer has half of 20 at the most, so that 10 are left.
    found = fitted(messages, TOKENIZER, 20, 11)
    assert found.left_out == 2
    assert found.ids == asked(messages[2:], [TOKENIZER.encode("a")], TOKENIZER)


def test_an_answer_without_its_question_is_left_out() -> None:
    """Room for two messages, of which the first would be the assistant's."""
    assert fitted(talk(1, 1, 1), TOKENIZER, 16, 8).left_out == 2


def test_as_many_as_it_learned_from() -> None:
    assert fitted(talk(1, 1, 1), TOKENIZER, 100, 10, most=1).left_out == 2
    assert fitted(talk(1, 1, 1, 1, 1), TOKENIZER, 100, 10, most=3).left_out == 2


def test_as_many_as_possible_of_any_conversation() -> None:
    """Against trying each beginning."""
    draw = random.Random(1)
    for _ in range(200):
        messages = talk(*(draw.randrange(6) for _ in range(2 * draw.randrange(5) + 1)))
        longest = draw.randrange(20, 60)
        room = longest - min(12, longest // 2)
        asks = {
            start: asked(messages[start:], TOKENIZER.encode_many([one.text for one in messages[start:]]), TOKENIZER)
            for start in range(0, len(messages), 2)
        }
        best = min(start for start, ids in asks.items() if len(ids) <= room)
        found = fitted(messages, TOKENIZER, longest, 12)
        assert (found.left_out, found.ids) == (best, asks[best])


def test_a_message_that_is_too_long_is_refused_in_one_line() -> None:
    with pytest.raises(UsageError, match=r"conversation 3 has 1,000,000 tokens but the model reads 28 at most") as one:
        fitted(talk(1, 1, 1_000_000), TOKENIZER, 64, 200, number=3)
    assert "\n" not in str(one.value)
    assert len(fitted(talk(28), TOKENIZER, 64, 200).ids) == 32


def test_a_str_is_one_message() -> None:
    assert checked("a") == [Message("user", "a")]
    assert checked(talk(1, 1, 1)) == talk(1, 1, 1)


@pytest.mark.parametrize("given", [[], ["a"], 3, None, talk(1, 1)[:1], [("user", "a")]])
def test_what_is_no_conversation(given: object) -> None:
    with pytest.raises(UsageError, match="conversation 2") as caught:
        checked(cast(Any, given), 2)
    assert "\n" not in str(caught.value)
