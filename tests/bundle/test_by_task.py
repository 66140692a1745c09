"""What answers a bundle's methods: by its task, and of what the bundle is at that moment."""

import dataclasses

import pytest

from clearhead.bundle import Bundle
from clearhead.errors import UsageError


def test_each_task_has_what_answers_it(two_languages: Bundle, chat_model: Bundle, classifier: Bundle) -> None:
    assert two_languages._by_task.translating("search").target is two_languages.target_tokenizer
    assert chat_model._by_task.chatting("chat").generating.tokenizer is chat_model.source_tokenizer
    assert classifier._by_task.understanding("classify").settings.labels == ("question", "command", "문장")


@pytest.mark.parametrize("kind", ["understanding", "translating", "generating", "chatting"])
def test_what_a_task_has_not_is_said(two_languages: Bundle, classifier: Bundle, kind: str) -> None:
    bundle, verb = (two_languages, "fill") if kind == "understanding" else (classifier, "translate")
    with pytest.raises(UsageError, match="this model") as caught:
        getattr(bundle._by_task, kind)(verb)
    assert "\n" not in str(caught.value)


def test_what_is_exchanged_answers_at_once(classifier: Bundle) -> None:
    """A bundle's settings are anybody's to replace."""
    own = Bundle(classifier.model, *[classifier.source_tokenizer] * 2, classifier.recipe, settings=classifier.settings)
    own.settings = dataclasses.replace(own.settings, labels=("a", "b", "c"))
    assert own._by_task.understanding("classify").settings.labels == ("a", "b", "c")
