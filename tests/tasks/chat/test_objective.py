"""Chat as a task: what it learns, and that it learns it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from clearhead.bundle import Bundle, load
from clearhead.recipe import Recipe
from clearhead.tasks import TASKS
from clearhead.tasks.chat import Message
from clearhead.training import train

MakeRecipe = Callable[..., Recipe]


def test_it_is_a_language_model_of_other_examples(chat_recipe: MakeRecipe) -> None:
    task = TASKS["chat"]
    assert (task.family, task.examples_are) == ("decoder-only", "conversations")
    assert task.files(chat_recipe().data) == ["a.tsv", "a.tsv"]
    assert task.first_use(chat_recipe(), "runs/a") == "chat runs/a"


@pytest.fixture
def talker(chat_recipe: MakeRecipe, tmp_path: Path) -> Bundle:
    """A model that knows its four conversations by heart."""
    train(chat_recipe(training={"steps": 150, "validate_every": 150, "average": {"name": "none"}}), tmp_path / "run")
    return load(tmp_path / "run")


def test_answers_and_their_ends_are_learned(talker: Bundle) -> None:
    """Hangul, emoji and joined emoji, the second answer of a conversation, and where each ends."""
    talk = [Message("user", "뭐 해"), Message("assistant", "쉬어요."), Message("user", "나도")]
    asked = ["안녕", "뭐 해", talk, "몇 시", "hi"]
    expected = ["반가워요 👋🏽", "쉬어요.", "좋네요!", "글쎄요…", "👩‍👩‍👧 hello"]
    together = talker.answers(asked, beam_size=1)
    assert [one.text for [one] in together] == expected
    assert {one.ended for [one] in together} == {"end"}
    # One at a time, in C, to the last bit; and as they are written.
    assert [talker.answers([one], beam_size=1)[0] for one in asked] == together
    assert ["".join(talker.chat_stream(one, beam_size=1)) for one in asked] == expected
    assert talker.chat("안녕", beam_size=1) == expected[0]
    assert "반" in next(talker.chat_stream("안녕", beam_size=1))
