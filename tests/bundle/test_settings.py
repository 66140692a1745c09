"""How a bundle is used: from its recipe, and from what config.json may hold."""

from collections.abc import Callable
from typing import Any

import pytest

from clearhead.bundle.settings import Settings
from clearhead.decoding import Rules
from clearhead.recipe import Recipe, build_recipe, load_recipe

PLAIN: dict[str, Any] = {
    "name": "a", "languages": [["en", "fr"], [None, None]], "seed": 3,
    "decoding": {"beam_size": 2, "length_penalty": "gnmt:0.6"},
}  # fmt: skip


def test_of_a_recipe(make_recipe: Callable[..., Recipe]) -> None:
    assert Settings.of(make_recipe()) == Settings("tiny", (("en", "fr"),), 2, "mean:1.0", 1)


def test_each_direction_once() -> None:
    """A recipe may name a direction for each of several corpora."""
    recipe = load_recipe("street")
    twice = recipe.model_copy(update={"data": recipe.data.model_copy(update={"train": recipe.data.train * 2})})
    assert Settings.of(twice).languages == (("en", "fr"), ("fr", "en"), ("en", "ko"))
    assert Settings.of(twice).targets == {"fr", "ko", "en"}


def test_there_and_back() -> None:
    settings = Settings.from_plain(PLAIN)
    assert settings == Settings("a", (("en", "fr"), (None, None)), 2, "gnmt:0.6", 3)
    plain = settings.as_plain()
    assert [*map(list, plain.pop("languages"))] == PLAIN["languages"]
    assert plain == {name: value for name, value in PLAIN.items() if name != "languages"}


def test_a_long_name_can_be_read_again(make_recipe: Callable[..., Recipe]) -> None:
    settings = Settings.of(make_recipe(f"name={'a' * 5000}"))
    assert Settings.from_plain({**PLAIN, "name": settings.name}).name == "a" * 1000


def test_of_a_language_model() -> None:
    """What translation has as usual is not said, so that an older clearhead reads its bundles."""
    settings = Settings.from_plain({**PLAIN, "task": "language-modelling", "documents": "line"})
    assert (settings.task, settings.documents) == ("language-modelling", "line")
    assert {"task": "language-modelling", "documents": "line"}.items() <= settings.as_plain().items()
    assert not {"task", "documents"} & Settings.from_plain(PLAIN).as_plain().keys()


def test_of_a_chat_and_of_summaries() -> None:
    """A table has languages where it is one of pairs."""
    values: dict[str, Any] = {
        "name": "a", "data": {"train": {"table": "a.tsv"}, "validate": {"share": 0.1}}, "training": {"steps": 1},
    }  # fmt: skip
    chat = Settings.of(build_recipe({**values, "task": "chat", "decoding": {"messages": 1}}, "a"))
    assert (chat.task, chat.languages, chat.messages) == ("chat", (), 1)
    assert Settings.from_plain({**chat.as_plain(), "languages": []}) == chat
    assert chat.as_plain()["decoding"] == {"beam_size": 5, "length_penalty": "mean:1.0", "messages": 1}
    assert Settings.of(build_recipe({**values, "task": "summarisation"}, "a")).languages == ((None, None),)


def test_rules_and_the_search_are_part_of_decoding() -> None:
    """Where they are as usual an older clearhead's config.json says the same."""
    assert PLAIN["decoding"].keys() == Settings.from_plain(PLAIN).as_plain()["decoding"].keys()
    more = {
        **PLAIN["decoding"],
        "search": "huggingface:early",
        "rules": {"no_repeat_ngram_size": 3, "bad_words": [[4]]},
    }
    settings = Settings.from_plain({**PLAIN, "decoding": more})
    assert settings.rules == Rules(no_repeat_ngram_size=3, bad_words=((4,),))
    assert settings.as_plain()["decoding"] == more
    for change in ({"search": "fairseq"}, {"rules": {"no_repeat": 1}}):
        with pytest.raises(ValueError, match=r"which is none of|is not known"):
            Settings.from_plain({**PLAIN, "decoding": {**more, **change}})


def test_where_a_model_came_from() -> None:
    settings = Settings.from_plain({**PLAIN, "origin": "roberta"})
    assert (settings.origin, settings.as_plain()["origin"]) == ("roberta", "roberta")
    assert "origin" not in Settings.from_plain(PLAIN).as_plain()
    for wrong in (None, ["bert"], "a" * 1001):
        with pytest.raises(ValueError, match="its origin is no name of a class"):
            Settings.from_plain({**PLAIN, "origin": wrong})
