"""What is removed, and how it is told."""

from collections import Counter

import pytest

from clearhead.data import FilterReport, Filters
from clearhead.data.filters import TextFilter
from clearhead.errors import RecipeError
from clearhead.text import scripts_for


def test_no_filter_keeps_every_length():
    assert Filters().length_reason([1] * 10_000, [1]) is None


def test_a_side_of_just_the_limit_is_kept():
    filters = Filters(max_tokens=3)
    assert filters.length_reason([1] * 3, [1] * 3) is None
    assert filters.length_reason([1] * 4, [1]) == "too_long"
    assert filters.length_reason([1], [1] * 4) == "too_long"


def test_a_ratio_of_just_the_limit_is_kept():
    """6 / 2 = 3 and 5 / 2 = 2.5."""
    assert Filters(max_ratio=3.0).length_reason([1] * 6, [1] * 2) is None
    assert Filters(max_ratio=2.5).length_reason([1] * 2, [1] * 5) is None
    assert Filters(max_ratio=2.4).length_reason([1] * 2, [1] * 5) == "ratio"
    assert Filters(max_ratio=2.4).length_reason([1] * 5, [1] * 2) == "ratio"


@pytest.mark.parametrize("pair", [("", "un"), ("one", ""), (" \t\u3000", "un"), ("one", "\u200b"), ("", "")])
def test_an_empty_side_is_always_removed(pair):
    """faults.md B2: U+200B was kept for training."""
    assert TextFilter(Filters()).reason(*pair) == "empty"


def test_only_the_first_of_equal_pairs_is_kept():
    text_filter = TextFilter(Filters(deduplicate=True))
    pairs = [("a", "b"), ("a", "c"), ("a", "b"), ("a", "b")]
    assert [text_filter.reason(*pair) for pair in pairs] == [None, None, "duplicate", "duplicate"]


def test_equal_pairs_of_two_directions_are_both_kept():
    text_filter = TextFilter(Filters(deduplicate=True))
    assert [text_filter.reason("a", "b", "en→fr"), text_filter.reason("a", "b", "en→ko")] == [None, None]


def test_equal_pairs_are_kept_where_nobody_asks():
    text_filter = TextFilter(Filters())
    assert [text_filter.reason("a", "b"), text_filter.reason("a", "b")] == [None, None]


@pytest.mark.parametrize("filters", [{"max_tokens": 0}, {"max_ratio": 0.5}, {"max_ratio": float("nan")}])
def test_a_filter_that_would_remove_all_is_refused(filters):
    with pytest.raises(RecipeError, match="would remove every pair; expected 1 or more"):
        Filters(**filters)


def test_the_report_reads_as_a_line():
    report = FilterReport.from_counts(
        9_000, Counter(empty=5, too_long=1_200, ratio=2), Filters(max_tokens=50, max_ratio=3.0)
    )
    assert report.read == 10_207
    assert str(report) == (
        "10,207 pairs read, 9,000 kept; removed: 5 with an empty side, 1,200 longer than 50 tokens, "
        "2 with one side over 3.0 times as long as the other"
    )


def test_copies_are_left_out_where_asked():
    pairs = [("Straße  eins", "STRASSE EINS"), ("one", "un")]
    assert [TextFilter(Filters(no_copies=True)).reason(*pair) for pair in pairs] == ["copy", None]
    assert [TextFilter(Filters()).reason(*pair) for pair in pairs] == [None, None]


def test_a_side_in_another_script_is_left_out():
    """Names and numbers in another script may stand in a sentence; most of it may not."""
    text_filter = TextFilter(Filters(scripts=True))
    scripts = scripts_for("en"), scripts_for("ko")
    pairs = [("The BBC", "BBC 방송국"), ("Привет all", "모두 안녕"), ("Hello", "Bonjour"), ("12", "12")]
    assert [text_filter.reason(*pair, "en→ko", scripts) for pair in pairs] == [None, "script", "script", None]


def test_the_report_of_nothing_removed():
    assert str(FilterReport(kept=2)) == "2 pairs read, 2 kept; removed: none"
