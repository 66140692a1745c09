"""Rules of writing: their ranges, and how a bundle's config.json holds them."""

from typing import Any

import pytest

from clearhead.decoding import Rules
from clearhead.errors import DecodingError


def test_what_is_not_set_is_not_stored() -> None:
    assert Rules().as_plain() == {}
    rules = Rules(no_repeat_ngram_size=3, max_tokens=141, min_tokens=55, forced_end=True, bad_words=((5,), (6, 7)))
    assert rules.as_plain() == {
        "no_repeat_ngram_size": 3, "max_tokens": 141, "min_tokens": 55, "forced_end": True, "bad_words": [[5], [6, 7]],
    }  # fmt: skip
    assert Rules.from_plain(rules.as_plain()) == rules
    assert rules.single_words == (5,)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"no_repeat_ngram_size": -1}, "no_repeat_ngram_size=-1 must be a whole number from 0"),
        ({"repetition_penalty": 0}, r"repetition_penalty=0 must be a number from 0\.001"),
        ({"min_tokens": 5, "max_tokens": 4}, "min_tokens=5 is more than max_tokens=4; lower the former"),
        ({"max_tokens": 0}, "max_tokens=0 must be a whole number from 1"),
        ({"forced_end": 1}, "forced_end=1 must be true or false"),
        ({"bad_words": 3}, "bad_words=3 must be lists of ids"),
        ({"bad_words": [[]]}, "each of one id or more"),
        ({"bad_words": [[-1]]}, "bad_words=-1 must be an id of 0 or more"),
        ({"no_repeat": 3}, "rules have 'no_repeat', which is none of no_repeat_ngram_size"),
        ([], r"rules=\[\] must be an object"),
    ],
)
@pytest.mark.usefixtures("signatures_unchecked")
def test_what_no_text_can_keep_is_refused(values: Any, message: str) -> None:
    with pytest.raises(DecodingError, match=message):
        Rules.from_plain(values)


@pytest.mark.parametrize(
    ("rules", "looks_back"),
    [
        (Rules(min_tokens=3, max_tokens=4, forced_end=True, bad_words=((1,),)), False),
        (Rules(no_repeat_ngram_size=1), True),
        (Rules(repetition_penalty=1.1), True),
        (Rules(bad_words=((1, 2),)), True),
    ],
)
def test_which_rules_depend_on_what_was_written(rules: Rules, looks_back: bool) -> None:
    assert rules.look_back == looks_back
