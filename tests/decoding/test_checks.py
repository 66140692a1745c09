"""What is refused before any of it is computed."""

import re

import numpy as np
import pytest

from clearhead.decoding.checks import check_ids, check_options, check_shortlist
from clearhead.decoding.options import SearchOptions
from clearhead.decoding.shortlist import Shortlist
from clearhead.errors import DecodingError
from clearhead.runtimes.runtime import Sizes
from clearhead.text.stop_strings import StopStrings
from clearhead.text.utf8 import Utf8Automaton

SIZES = Sizes(11, 17, 9, 1, 8)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([], "sentence 4: its source has 0 tokens but the model takes 1 to 9; give it at least its end token"),
        ([1] * 10, "sentence 4: its source has 10 tokens but the model takes 1 to 9; split it into shorter ones"),
        ([1, 11], "sentence 4: its source has ids from 1 to 11 but the model knows 0 to 10"),
        ([-1, 3], "sentence 4: its source has ids from -1 to 3 but the model knows 0 to 10"),
    ],
)
def test_ids_by_the_number_of_their_sentence(ids: list[int], message: str) -> None:
    with pytest.raises(DecodingError, match=message):
        check_ids("source", [[1], ids], [0, 3], SIZES.source_vocabulary, SIZES.max_length)
    check_ids("source", [[0], [10] * 9], [0, 3], SIZES.source_vocabulary, SIZES.max_length)


def test_too_long_a_prefix_is_not_to_be_split() -> None:
    said = "sentence 4: its prefix has 10 tokens but the model takes 0 to 9; give a shorter one"
    with pytest.raises(DecodingError, match=said):
        check_ids("prefix", [[], [1] * 10], [0, 3], SIZES.target_vocabulary, SIZES.max_length, at_least=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (SearchOptions(begin=17, end=1), "names id 17 but the model's target vocabulary has 17 ids"),
        (SearchOptions(begin=0, end=99), "names id 99"),
        (SearchOptions(begin=0, end=1, suppressed=(3, 44)), "names id 44"),
        (SearchOptions(begin=0, end=1, utf8=Utf8Automaton.of([b"a"])), "utf8 is for a vocabulary of 1 ids"),
        (SearchOptions(begin=0, end=1, stop=StopStrings((".",), (b"a",))), "stop is for a vocabulary of 1 ids"),
    ],
)
def test_options_for_another_vocabulary(options: SearchOptions, message: str) -> None:
    with pytest.raises(DecodingError, match=message):
        check_options(options, SIZES.target_vocabulary)
    check_options(SearchOptions(begin=16, end=1), SIZES.target_vocabulary)


def test_a_shortlist_for_other_vocabularies() -> None:
    none = np.zeros(0, np.int32)
    check_shortlist(None, SIZES)
    check_shortlist(Shortlist(np.zeros(12, np.int64), none, none, 17), SIZES)
    for offsets, targets in ((11, 17), (12, 18)):
        said = f"is for vocabularies of {offsets - 1} and {targets} ids but the model has 11 and 17"
        with pytest.raises(DecodingError, match=re.escape(said)):
            check_shortlist(Shortlist(np.zeros(offsets, np.int64), none, none, targets), SIZES)
