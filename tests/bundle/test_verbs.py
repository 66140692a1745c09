"""Which methods a bundle has for what its model was trained for."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from clearhead import Bundle
from clearhead.bundle.verbs import VERBS, require_family, require_verb
from clearhead.errors import UsageError

TRANSLATING: dict[str, Callable[[Bundle], Any]] = {
    "translate": lambda bundle: bundle.translate("one"),
    "translate_stream": lambda bundle: bundle.translate_stream(["one"]),
    "search": lambda bundle: bundle.search(["one"]),
    "search_stream": lambda bundle: bundle.search_stream(["one"]),
    "score": lambda bundle: bundle.score(["one"], ["un"]),
    "trace": lambda bundle: bundle.trace("one"),
    "tag": lambda bundle: bundle.tag("fr"),
    "too_long": lambda bundle: bundle.too_long(["one"]),
}
SUMMARISING: dict[str, Callable[[Bundle], Any]] = {
    "summarise": lambda bundle: bundle.summarise("one"),
    **{name: TRANSLATING[name] for name in ("search", "search_stream", "score", "trace", "tag", "too_long")},
}
WRITING: dict[str, Callable[[Bundle], Any]] = {
    "generate": lambda bundle: bundle.generate("one"),
    "generations": lambda bundle: bundle.generations(["one"]),
    "generate_stream": lambda bundle: bundle.generate_stream("one"),
    "trace": lambda bundle: bundle.trace("one", max_tokens=2),
}
CHATTING: dict[str, Callable[[Bundle], Any]] = {
    "chat": lambda bundle: bundle.chat("one"),
    "answers": lambda bundle: bundle.answers(["one"]),
    "chat_stream": lambda bundle: bundle.chat_stream("one"),
    "left_out": lambda bundle: bundle.left_out("one"),
    "joined": lambda bundle: bundle.joined(["one", "two"]),
    "trace": lambda bundle: bundle.trace("one", max_tokens=2),
    **{name: WRITING[name] for name in ("generate", "generations", "generate_stream")},
}


@pytest.mark.parametrize("verb", [verb for verb in CHATTING if verb not in WRITING])
def test_a_language_model_does_not_answer(language_model: Bundle, chat_model: Bundle, verb: str) -> None:
    CHATTING[verb](chat_model)
    with pytest.raises(UsageError, match=f"with texts .language-modelling., and {verb} is for chat; use") as error:
        CHATTING[verb](language_model)
    assert "\n" not in str(error.value)
    # What has learned to answer goes on with a text as well.
    WRITING["generate"](chat_model)


@pytest.mark.parametrize("verb", [verb for verb in TRANSLATING if verb not in WRITING])
def test_a_language_model_does_not_translate(language_model: Bundle, verb: str) -> None:
    with pytest.raises(UsageError, match=f"with texts .language-modelling., and {verb} is for translation") as error:
        TRANSLATING[verb](language_model)
    assert "use `clearhead generate`, or in Python generate, generations, generate_stream" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("verb", [verb for verb in WRITING if verb not in TRANSLATING])
def test_a_translator_does_not_go_on_with_texts(street: Bundle, verb: str) -> None:
    with pytest.raises(UsageError, match=f"translates .translation., and {verb} is for language-modelling") as error:
        WRITING[verb](street)
    assert "use `clearhead translate`, or in Python translate, " in str(error.value)


def test_summarising_is_translating_by_another_name(two_languages: Bundle) -> None:
    untagged = dataclasses.replace(two_languages.settings, task="summarisation")
    summariser = Bundle(
        two_languages.model, two_languages.source_tokenizer, two_languages.target_tokenizer, two_languages.recipe,
        settings=untagged,
    )  # fmt: skip
    with pytest.raises(UsageError, match=r"summarises .summarisation., and translate is for translation; use `clearh"):
        summariser.translate("one", "fr")
    with pytest.raises(UsageError, match=r"translates .translation., and summarise is for summarisation; use `clearh"):
        two_languages.summarise("one")


def test_each_task_has_the_methods_that_it_names() -> None:
    assert [*VERBS["translation"].methods] == [*TRANSLATING]
    assert [*VERBS["summarisation"].methods] == [*SUMMARISING]
    assert [*VERBS["chat"].methods] == [*CHATTING]
    assert [*VERBS["language-modelling"].methods] == [*WRITING]
    for task, verbs in VERBS.items():
        for verb in verbs.methods:
            assert callable(getattr(Bundle, verb))
            require_verb(verb, task)


def test_a_model_of_another_family_is_refused(language_model: Bundle, street: Bundle) -> None:
    """By whoever makes a bundle, and by whoever gives it another model; the one that was there stays."""
    tokenizer, model = street.source_tokenizer, street.model
    with pytest.raises(UsageError, match="the model is decoder-only, which is for language-modelling, but its task is"):
        Bundle(language_model.model, tokenizer, tokenizer, street.recipe)
    with pytest.raises(UsageError, match="the model is decoder-only") as error:
        street.model = language_model.model
    assert street.model is model
    assert "\n" not in str(error.value)


def test_a_model_of_no_family_may_be_for_anything() -> None:
    require_family(object(), "translation")
