"""What a bundle asks of its model where that translates: test_bundle.py has what comes of it as a whole."""

from clearhead import Bundle


def test_sources_have_their_tags_and_ends(two_languages: Bundle) -> None:
    translating, tokenizer = two_languages._by_task.translating("translate"), two_languages.source_tokenizer
    expected = [tokenizer.tag("fr"), *tokenizer.encode("one"), tokenizer.end]
    assert translating.sources(["one", " "], "fr") == [expected, None]


def test_what_is_not_asked_for_is_as_the_bundle_says(two_languages: Bundle) -> None:
    translating = two_languages._by_task.translating("search")
    options = translating.options(None, 1, None, None)
    assert (options.beam_size, str(options.length_penalty)) == (2, "mean:1.0")
    assert translating.options(None, 4, "none", None).beam_size == 4
    assert options.utf8 is translating.options(1, 1, None, None).utf8


def test_whoever_says_how_large_batches_are_has_an_engine_of_their_own(two_languages: Bundle) -> None:
    shared = two_languages._serving.engine("fp32")
    assert two_languages._serving.engine("fp32") is shared
    own = two_languages._serving.engine("fp32", batch_tokens=100)
    assert own is not shared
    assert own.runtime is shared.runtime
