"""What answers a bundle's methods: by its task, and of what the bundle is at that moment."""

import dataclasses

import pytest

from clearhead.bundle import Bundle
from clearhead.bundle.chatting import Chatting
from clearhead.bundle.generating import Generating
from clearhead.bundle.translating import Translating
from clearhead.bundle.understanding import Understanding
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


def test_a_trace_is_of_the_models_family(
    two_languages: Bundle, chat_model: Bundle, classifier: Bundle, language_model: Bundle
) -> None:
    """One that both writes and fills does what the text asks for."""
    assert isinstance(two_languages._by_task.tracing("one [MASK]"), Translating)
    assert isinstance(chat_model._by_task.tracing("one"), Chatting)
    assert isinstance(classifier._by_task.tracing("one"), Understanding)
    assert isinstance(language_model._by_task.tracing("one"), Generating)
    both = dataclasses.replace(
        language_model._by_task, settings=dataclasses.replace(language_model.settings, task="masked-next-token")
    )
    assert isinstance(both.tracing("one [MASK]"), Understanding)
    assert isinstance(both.tracing("one"), Generating)


def test_what_is_read_of_a_text(two_languages: Bundle, language_model: Bundle, classifier: Bundle) -> None:
    """As `Bundle.encode` says it of each: tag, pieces, end; begin and pieces; begin, pieces, end."""
    source, causal, whole = (one.source_tokenizer for one in (two_languages, language_model, classifier))
    expected = [source.tag("fr"), *source.encode("one two"), source.end]
    assert two_languages._by_task.ids("one two", "fr") == expected
    assert language_model._by_task.ids("one two", None) == [causal.begin, *causal.encode("one two")]
    assert classifier._by_task.ids("one two", None) == [whole.begin, *whole.encode("one two"), whole.end]


def test_what_is_longer_than_a_model_reads(two_languages: Bundle, classifier: Bundle, language_model: Bundle) -> None:
    texts = ["one", "one two three " * 40, ""]
    assert two_languages._by_task.too_long(texts) == classifier._by_task.too_long(texts) == [1]
    with pytest.raises(UsageError, match="search is for translation or"):
        classifier._by_task.too_long(texts, paragraphs=True)
    with pytest.raises(UsageError, match="too_long is for translation or"):
        language_model._by_task.too_long(texts)
