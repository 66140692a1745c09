"""How a search goes about a tokenizer's ids."""

import pytest

from clearhead.bundle import Bundle
from clearhead.errors import DecodingError
from clearhead.tasks.searching import search_options, wide_enough
from clearhead.text import CharacterTokenizer


def test_no_control_symbol_may_be_written(two_languages: Bundle) -> None:
    tokenizer = two_languages.target_tokenizer
    options = search_options(tokenizer, 3, "gnmt:0.6", top_beams=2)
    controls = {tokenizer.padding, tokenizer.begin, tokenizer.tag("en"), tokenizer.tag("fr")}
    assert set(options.suppressed) == controls
    assert (options.begin, options.end) == (tokenizer.begin, tokenizer.end)
    assert (options.beam_size, options.top_beams, str(options.length_penalty)) == (3, 2, "gnmt:0.6")


def test_a_character_that_is_not_known_is_never_written() -> None:
    """A model of characters wrote U+FFFD, which none of its texts had."""
    tokenizer = CharacterTokenizer("ab")
    assert set(search_options(tokenizer, 1, "none").suppressed) == {tokenizer.padding, tokenizer.begin, 3}
    assert tokenizer.decode([3]) == "\ufffd"


def test_a_beam_is_wide_enough() -> None:
    assert [wide_enough(*asked) for asked in ((1, 4), (4, 1), (2, 2))] == [4, 4, 2]
    with pytest.raises(DecodingError, match="top_beams=0 must be"):
        wide_enough(4, 0)


def test_a_beam_is_wide_enough_for_its_groups() -> None:
    """The next multiple of their number: 5 and 4 groups are 8, and 9 that are asked for 12."""
    assert [wide_enough(*asked) for asked in ((5, 1, 4), (5, 9, 4), (4, 1, 4), (5, 2, 1))] == [8, 12, 4, 5]
    with pytest.raises(DecodingError, match="beam_groups=0 must be"):
        wide_enough(4, 1, 0)
