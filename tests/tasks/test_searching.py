"""How a search goes about a tokenizer's ids."""

import pytest

from clearhead.bundle import Bundle
from clearhead.errors import DecodingError
from clearhead.tasks.searching import search_options, wide_enough


def test_no_control_symbol_may_be_written(two_languages: Bundle) -> None:
    tokenizer = two_languages.target_tokenizer
    options = search_options(tokenizer, 3, "gnmt:0.6", top_beams=2)
    controls = {tokenizer.padding, tokenizer.begin, tokenizer.tag("en"), tokenizer.tag("fr")}
    assert set(options.suppressed) == controls
    assert (options.begin, options.end) == (tokenizer.begin, tokenizer.end)
    assert (options.beam_size, options.top_beams, str(options.length_penalty)) == (3, 2, "gnmt:0.6")


def test_a_beam_is_wide_enough() -> None:
    assert [wide_enough(*asked) for asked in ((1, 4), (4, 1), (2, 2))] == [4, 4, 2]
    with pytest.raises(DecodingError, match="top_beams=0 must be"):
        wide_enough(4, 0)
