"""Ways to search by name. What Hugging Face's finds is held against `transformers` in tests/interop."""

import math

import pytest

from clearhead.decoding import LengthPenalty, SearchStrategy
from clearhead.errors import DecodingError


@pytest.mark.parametrize("name", ["clearhead", "huggingface", "huggingface:early", "huggingface:never"])
def test_a_name_is_read_and_written(name: str) -> None:
    assert str(SearchStrategy.parse(name)) == name


@pytest.mark.parametrize("name", ["fairseq", "clearhead:early", "huggingface:late", ""])
@pytest.mark.usefixtures("signatures_unchecked")
def test_an_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(DecodingError, match="write clearhead, huggingface, huggingface:early"):
        SearchStrategy.parse(name)


@pytest.mark.parametrize(
    ("name", "worst", "expected"),
    [
        # A live hypothesis of 4 tokens with -8, which may grow to 10: -2 now, -0.8 at best.
        ("clearhead", -0.9, False),
        ("clearhead", -0.8, True),
        ("huggingface:never", -0.9, False),
        ("huggingface", -0.9, True),
        ("huggingface", -2.1, False),
        ("huggingface:early", -math.inf, True),
    ],
)
def test_when_enough_was_found(name: str, worst: float, expected: bool) -> None:
    strategy, penalty = SearchStrategy.parse(name), LengthPenalty("mean", 1.0)
    assert strategy.is_enough(worst, -8.0, 4, 10, penalty) == expected
